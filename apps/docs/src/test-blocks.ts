import { expect, test } from 'vitest'
import { type Ended, type PlacedBlock, runBlock } from './block-program.ts'
import { documents } from './documents.ts'

/** The ```ts blocks of all documents. */
export function programBlocks(): readonly PlacedBlock[] {
  return documents().flatMap(({ path, blocks }) =>
    blocks.filter(({ language }) => language === 'ts').map((block) => ({ path, block })),
  )
}

/** One test for each ```ts block with this mark: it ends with exit code 0, and prints the output in the document. */
export function testBlocks(mark: string | undefined, address?: string): void {
  for (const placed of programBlocks().filter(({ block }) => block.mark === mark))
    test.concurrent(`${placed.path}:${placed.block.line}`, () => expectOutput(placed, address))
}

async function expectOutput(placed: PlacedBlock, address: string | undefined): Promise<void> {
  const ran = await runBlock(placed, address)
  expect(ran.code, `it failed:\n${shown(ran)}`).toBe(0)
  expect(ran.stdout.trimEnd()).toBe((placed.block.output ?? ran.stdout).trimEnd())
}

const shown = ({ stdout, stderr }: Ended) => `${stdout}\n${stderr}`
