import { expect, test } from 'vitest'
import { committedOffsets } from './committed-offsets.ts'
import type { Transaction } from './transaction.ts'

const at = (offset: number, partition = 0) => ({ topic: 't', partition, offset, metadata: `${offset}` })

test('offsets of a transaction are pending until it ends', () => {
  const offsets = committedOffsets()
  const told: number[] = []
  offsets.watch(() => told.push(1))
  const [one, other]: Transaction[] = [{ outcome: 'open' }, { outcome: 'open' }]
  offsets.commit(at(1))
  offsets.commit(at(5), one)
  offsets.commit(at(9), other)
  offsets.commit(at(3, 1), other)
  expect([offsets.get(at(0))?.offset, offsets.isPending(at(0)), offsets.isPending(at(0, 2))]).toEqual([1, true, false])
  expect(told).toEqual([])
  other!.outcome = 'aborted'
  offsets.end(other!)
  expect([offsets.get(at(0, 1)), offsets.isPending(at(0, 1)), offsets.isPending(at(0))]).toEqual([
    undefined,
    false,
    true,
  ])
  one!.outcome = 'committed'
  offsets.end(one!)
  expect([offsets.get(at(0)), offsets.isPending(at(0))]).toMatchObject([at(5), false])
  expect(told).toEqual([1, 1])
})

test('an offset that was committed after that of a transaction stays', () => {
  const offsets = committedOffsets()
  const transaction: Transaction = { outcome: 'open' }
  offsets.commit(at(5), transaction)
  offsets.commit(at(2))
  offsets.commit(at(4, 1))
  offsets.commit(at(6, 1), transaction)
  transaction.outcome = 'committed'
  offsets.end(transaction)
  expect([offsets.get(at(0))?.offset, offsets.get(at(0, 1))?.offset]).toEqual([2, 6])
})

test('offsets of a deleted topic or group do not come back with their transaction', () => {
  for (const remove of ['forget', 'clear'] as const) {
    const offsets = committedOffsets()
    const transaction: Transaction = { outcome: 'open' }
    offsets.commit(at(1))
    offsets.commit(at(5), transaction)
    offsets[remove]('t')
    expect([offsets.get(at(0)), offsets.isPending(at(0))]).toEqual([undefined, false])
    transaction.outcome = 'committed'
    offsets.end(transaction)
    expect(offsets.get(at(0))).toBeUndefined()
  }
})
