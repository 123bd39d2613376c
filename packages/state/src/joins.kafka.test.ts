import { expect, test } from 'vitest'
import { DRIVERS } from './fixtures/brokers.ts'
import { joinOrders } from './fixtures/join-orders.ts'

test.each(DRIVERS.flatMap(([name, conf]) => [true, false].map((exactlyOnce) => [name, exactlyOnce, conf] as const)))(
  'every order finds its customer in two processes, a late one included: %s, exactly once %s',
  async (_, exactlyOnce, conf) => {
    const { joined, expected } = await joinOrders({ ...conf, exactlyOnce })
    expect(joined).toEqual(expected)
  },
  120_000,
)
