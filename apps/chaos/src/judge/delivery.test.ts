import { expect, test } from 'vitest'
import type { ReadRecord } from '../read-records.ts'
import { judgeDelivery } from './delivery.ts'

const input = (partition: number, offset: number, key = `k${partition}`): ReadRecord => ({
  partition,
  offset,
  key,
  value: '',
})
const output = (key: string, value: string): ReadRecord => ({ partition: 0, offset: 0, key, value })
const inputs = [input(0, 0), input(0, 1), input(0, 2), input(1, 0), input(1, 1)]
const all = inputs.map(({ partition, offset, key }) => output(key, `${partition}/${offset}`))

test('each record once and in order gives no losses, duplicates or disorder', () => {
  expect(judgeDelivery(inputs, all, new Map())).toEqual({
    produced: 5,
    handled: 5,
    lost: [],
    lostForGood: 0,
    duplicated: 0,
    copies: new Map(),
    outOfOrder: 0,
    strange: 0,
  })
})

test('a record that is not in the output is lost, for good if it was committed', () => {
  const missing = judgeDelivery(inputs, all.toSpliced(3, 1).toSpliced(1, 1), new Map([[0, 2]]))
  expect(missing).toMatchObject({ handled: 3, lost: ['0/1', '1/0'], lostForGood: 1, outOfOrder: 0 })
  expect(judgeDelivery(inputs, [], new Map()).lost).toHaveLength(5)
})

test('each copy after the first is a duplicate and does not replace another record', () => {
  const twice = [...all, output('k0', '0/1'), output('k0', '0/1')]
  const copies = new Map([['0/1', 3]])
  expect(judgeDelivery(inputs, twice, new Map())).toMatchObject({ handled: 5, duplicated: 2, copies, outOfOrder: 0 })
  const instead = [output('k0', '0/1'), ...all.filter(({ value }) => value !== '0/0')]
  expect(judgeDelivery(inputs, instead, new Map())).toMatchObject({ lost: ['0/0'], duplicated: 1 })
})

test('order is judged within a key and ignores duplicates', () => {
  const swapped = [all[1], all[0], all[2], all[4], all[3]].map((record) => record ?? output('', ''))
  expect(judgeDelivery(inputs, swapped, new Map())).toMatchObject({ outOfOrder: 2, lost: [] })
  const again = [...all.slice(0, 3), ...all.slice(0, 3), ...all.slice(3)]
  expect(judgeDelivery(inputs, again, new Map())).toMatchObject({ outOfOrder: 0, duplicated: 3 })
  const two = [input(0, 0, 'a'), input(0, 1, 'b')]
  const crossed = [output('b', '0/1'), output('a', '0/0')]
  expect(judgeDelivery(two, crossed, new Map())).toMatchObject({ outOfOrder: 0, handled: 2 })
})

test('an output without an input of the same place and key is strange', () => {
  const more = [...all, output('k0', '0/3'), output('k1', '0/0'), output('', 'text')]
  expect(judgeDelivery(inputs, more, new Map())).toMatchObject({ strange: 3, duplicated: 0 })
})
