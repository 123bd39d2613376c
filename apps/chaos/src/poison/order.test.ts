import { expect, test } from 'vitest'
import { random } from '@snapstream/program'
import { POISONS, orderCodec, ordersOf } from './order.ts'

test('each hundred orders has one poisoned order, and the seed decides which one and its kind of poison', () => {
  const orders = ordersOf(5000, random(3))
  expect(orders.map(({ id }) => id)).toEqual(Array.from({ length: 5000 }, (_, id) => id))
  const bad = orders.filter(({ poison }) => poison !== undefined)
  expect(bad.map(({ id }) => Math.floor(id / 100))).toEqual(Array.from({ length: 50 }, (_, hundred) => hundred))
  expect(new Set(bad.map(({ id }) => id % 100)).size).toBeGreaterThan(20)
  expect(new Set(bad.map(({ poison }) => poison))).toEqual(new Set(POISONS))
  expect(ordersOf(5000, random(3))).toEqual(orders)
  expect(ordersOf(5000, random(4))).not.toEqual(orders)
})

test('an undecodable order is read only after the repair', () => {
  const encode = (order: Parameters<ReturnType<typeof orderCodec>['encode']>[0]) =>
    orderCodec(false).encode(order) as Uint8Array
  const bad = { id: 7, poison: 'undecodable' } as const
  expect(() => orderCodec(false).decode(encode(bad))).toThrow('not valid')
  expect(orderCodec(true).decode(encode(bad))).toEqual(bad)
  for (const repaired of [false, true])
    for (const order of [{ id: 1 }, { id: 2, poison: 'throwing' } as const])
      expect(orderCodec(repaired).decode(encode(order))).toEqual(order)
})
