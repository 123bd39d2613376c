import { memory } from '@snapstream/kafka/memory'
import { expect, test } from 'vitest'
import { CUSTOMERS, openShop } from './fixtures/workers.ts'

test.each([{ exactlyOnce: true }, { exactlyOnce: false }])(
  'counts stay right while a second process joins and leaves: %j',
  async (options) => {
    const shop = await openShop({ driver: memory() }, options)
    const first = shop.start()
    await shop.round()
    await shop.round()
    const second = shop.start()
    await second.ready
    await shop.round()
    await second.stop()
    await shop.round()
    await first.stop()
    const written = await shop.written()
    expect(written).toEqual(new Map(CUSTOMERS.map((customer) => [customer, [1, 2, 3, 4]])))
  },
  60_000,
)
