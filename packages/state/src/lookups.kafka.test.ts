import { expect, test } from 'vitest'
import { DRIVERS } from './fixtures/brokers.ts'
import { lookUpWhileRebalancing } from './fixtures/lookups.ts'

test.each(DRIVERS)(
  'find answers or redirects, and is never wrong, through rebalances: %s',
  async (_, conf) => {
    expect(await lookUpWhileRebalancing({ ...conf, exactlyOnce: true }, 10)).toEqual([])
  },
  180_000,
)
