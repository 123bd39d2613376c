import { beforeAll, describe, expect, test } from 'vitest'
import { compileBlocks } from './block-program.ts'
import { programBlocks } from './test-blocks.ts'

// All blocks, also those that need a service to run. One run of the compiler takes about as long as for one block.
describe('compiles', () => {
  const blocks = programBlocks()
  let errors: readonly string[]

  beforeAll(async () => {
    errors = await compileBlocks(blocks)
  }, 300_000)

  test.each(blocks.map(({ path, block }, index) => [`${path}:${block.line}`, index] as const))('%s', (_, index) =>
    expect(errors[index]).toBe(''),
  )
})
