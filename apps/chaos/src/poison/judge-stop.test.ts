import { expect, test } from 'vitest'
import { committedOrders, judgeStop } from './judge-stop.ts'
import type { StopFacts } from './judge-stop.ts'
import type { Order } from './order.ts'

/** Two partitions: 0/2 throws, 1/3 does not decode. */
const orders: readonly Order[] = Array.from({ length: 10 }, (_, id) => {
  if (id === 4) return { id, poison: 'throwing' }
  return id === 7 ? { id, poison: 'undecodable' } : { id }
})
const good: StopFacts = {
  failure: { code: 'HANDLER_FAILED', message: 'failed at in/0 offset 2', partition: 0, offset: 2 },
  orders,
  committed: [2, 3],
  placeOf: (id) => [id % 2, Math.floor(id / 2)],
}

test('a stop that names the poison and commits nothing after a poison is correct', () => {
  expect(judgeStop(good)).toEqual([])
  expect(judgeStop({ ...good, committed: [2, 0] })).toEqual([])
  expect(committedOrders({ ...good, committed: [2, 1] }).map(({ id }) => id)).toEqual([0, 1, 2])
})

test.each<[Partial<StopFacts>, RegExp]>([
  [{ failure: undefined }, /did not stop/],
  [{ committed: [3, 3] }, /partition 0 is committed up to 3, past the poison at 2/],
  [{ committed: [2, 4] }, /partition 1/],
  [{ committed: [1, 3] }, /partition 0 is committed up to 1, expected up to the stop at 2/],
  [{ failure: { ...good.failure, offset: 1 } as StopFacts['failure'] }, /0\/1, which is not poison/],
  [
    { failure: { ...good.failure, code: 'DECODE_FAILED' } as StopFacts['failure'] },
    /DECODE_FAILED at a throwing order/,
  ],
  [{ failure: { ...good.failure, message: 'no' } as StopFacts['failure'] }, /does not name the place/],
])('%j is a problem', (facts, problem) => {
  const problems = judgeStop({ ...good, ...facts })
  expect(problems[0]).toMatch(problem)
})
