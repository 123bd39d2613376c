import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildBlocks } from './block-program.ts'
import type { BlockPrograms, Ended, PlacedBlock } from './block-program.ts'
import { documents } from './documents.ts'

/** The ```ts blocks of all documents. */
export function programBlocks(): readonly PlacedBlock[] {
  return documents().flatMap(({ path, blocks }) =>
    blocks.filter(({ language }) => language === 'ts').map((block) => ({ path, block })),
  )
}

/** One test for each ```ts block with this mark: it ends with exit code 0, and prints the output in the document. */
export function testBlocks(mark: string | undefined, address?: string): void {
  const blocks = programBlocks().filter(({ block }) => block.mark === mark)
  let programs: BlockPrograms | undefined
  beforeAll(async () => {
    programs = await buildBlocks(blocks, address)
  }, 120_000)
  afterAll(() => programs?.remove())

  for (const placed of blocks)
    test.concurrent(`${placed.path}:${placed.block.line}`, async () => {
      const ran = await programs?.run(placed)
      expect(ran?.code, `it failed:\n${shown(ran)}`).toBe(0)
      expect(ran?.stdout.trimEnd()).toBe((placed.block.output ?? ran?.stdout)?.trimEnd())
    })
}

const shown = (ran: Ended | undefined) => `${ran?.stdout}\n${ran?.stderr}`
