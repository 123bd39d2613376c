import { expect, test } from 'vitest'
import type { Block } from './block.ts'
import { documents } from './documents.ts'
import { type Ended, compileBlock, runBlock } from './run-block.ts'

/** One test for each ```ts block with this mark: it compiles, ends with exit code 0, and prints what the document says. */
export function testBlocks(mark: string | undefined, address?: string): void {
  for (const { path, blocks } of documents())
    for (const block of blocks.filter((candidate) => candidate.language === 'ts' && candidate.mark === mark))
      test.concurrent(`${path}:${block.line}`, () => expectBlock(block, path, address))
}

async function expectBlock(block: Block, path: string, address: string | undefined): Promise<void> {
  const compiled = await compileBlock(block, path)
  expect(compiled.code, `it does not compile:\n${compiled.stdout}`).toBe(0)
  const ran = await runBlock(block, path, address)
  expect(ran.code, `it did not end well:\n${shown(ran)}`).toBe(0)
  expect(ran.stdout.trimEnd()).toBe((block.output ?? ran.stdout).trimEnd())
}

const shown = ({ stdout, stderr }: Ended) => `${stdout}\n${stderr}`
