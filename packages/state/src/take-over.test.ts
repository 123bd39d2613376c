import { memory } from '@snapstream/kafka/memory'
import { expect, test } from 'vitest'
import { takeOver } from './fixtures/take-over.ts'

test.each([true, false])(
  'copies follow their parts, answer, and take over: exactly once %s',
  async (exactlyOnce) => {
    const { records, restored } = await takeOver({ driver: memory(), exactlyOnce })
    expect(restored).toBeLessThan(records / 4)
  },
  60_000,
)
