import { expect, test } from 'vitest'
import { expectedTries, wrongTries } from './expected.ts'
import type { Order } from './order.ts'

const retries = { undecodable: 0, throwing: 2, refused: 1 }
const orders: readonly Order[] = [
  { id: 0 },
  { id: 1, poison: 'undecodable' },
  { id: 2, poison: 'throwing' },
  { id: 3, poison: 'refused' },
]
const right = new Map([
  [0, { handled: 1, written: 1 }],
  [2, { handled: 3, written: 0 }],
  [3, { handled: 1, written: 2 }],
])

test('a retry repeats the step that failed', () => {
  expect(wrongTries(orders, right, retries)).toEqual([])
  expect(expectedTries({ id: 1, poison: 'undecodable' }, retries)).toEqual({ handled: 0, written: 0 })
})

test('too many or too few attempts are reported by kind of order', () => {
  const wrong = new Map([...right, [0, { handled: 2, written: 1 }], [1, { handled: 1, written: 1 }]] as const)
  expect(wrongTries([...orders, { id: 9 }], wrong, retries)).toEqual([
    '1 good: handled 2 and written 1 times, expected 1 and 1',
    '1 undecodable: handled 1 and written 1 times, expected 0 and 0',
    '1 good: handled 0 and written 0 times, expected 1 and 1',
  ])
  expect(wrongTries(orders, right, { ...retries, throwing: 3 })).toHaveLength(1)
})
