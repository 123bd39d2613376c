import { expect, test } from 'vitest'
import { judgeOutputs } from './judge-outputs.ts'

const orders = [0, 1, 2, 3].map((id) => ({ id }))
const outputs = (...lines: (readonly [key: string, id: number])[]) =>
  lines.map(([key, id]) => ({ partition: 0, offset: 0, key, value: `${id}` }))
const all = [
  ['a', 0],
  ['b', 1],
  ['a', 2],
  ['b', 3],
] as const
const good = { produced: 4, handled: 4, lost: 0, duplicated: 0, outOfOrder: 0, strange: 0 }

test('each order once and in the order of its key gives no problem', () => {
  expect(judgeOutputs(orders, outputs(...all))).toEqual(good)
  expect(judgeOutputs(orders, outputs(all[1], all[0], all[3], all[2]))).toEqual(good)
})

test('lost, duplicated, disordered and unknown orders are counted', () => {
  expect(judgeOutputs(orders, outputs(all[0], all[1], all[2]))).toEqual({ ...good, handled: 3, lost: 1 })
  expect(judgeOutputs(orders, outputs(...all, all[0]))).toEqual({ ...good, duplicated: 1 })
  expect(judgeOutputs(orders, outputs(all[2], all[0], all[1], all[3]))).toEqual({ ...good, outOfOrder: 1 })
  expect(judgeOutputs(orders, outputs(...all, ['a', 4]))).toEqual({ ...good, strange: 1 })
})
