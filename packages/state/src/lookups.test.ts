import { memory } from '@snapstream/kafka/memory'
import { expect, test } from 'vitest'
import { lookUpWhileRebalancing } from './fixtures/lookups.ts'

test.each([
  [true, 50],
  [false, 20],
])(
  'find answers or redirects, and is never wrong, through rebalances: exactly once %s, %s rebalances',
  async (exactlyOnce, rebalances) => {
    expect(await lookUpWhileRebalancing({ driver: memory(), exactlyOnce }, rebalances)).toEqual([])
  },
  120_000,
)
