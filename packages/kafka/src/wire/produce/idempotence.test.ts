import { expect, test } from 'vitest'
import type { ProduceBatch } from '../../driver/driver.ts'
import { KAFKA } from '../errors/error-table.ts'
import { createIdempotence } from './idempotence.ts'
import { nextSequence } from './sequences.ts'
import type { ProducerIdAndEpoch } from '../protocol/connection.ts'
import type { NumberedBatch } from './sequences.ts'

const WRITTEN = 0
const REFUSED = 6
const NO_ANSWER = undefined
const DUPLICATE = KAFKA.DUPLICATE_SEQUENCE_NUMBER
const OUT_OF_ORDER = KAFKA.OUT_OF_ORDER_SEQUENCE_NUMBER

const batch = (count: number, partition = 0): ProduceBatch => ({
  topic: 't',
  partition,
  records: Array.from({ length: count }, () => ({ key: null, value: null, headers: [], timestamp: 0 })),
})

function setup(
  answer = async (asked: number): Promise<ProducerIdAndEpoch> => ({ producerId: asked, producerEpoch: 0 }),
) {
  let asked = 0
  const idempotence = createIdempotence(() => answer(++asked))
  const sent = new Map<ProduceBatch['records'], NumberedBatch>()
  return {
    asked: () => asked,
    async sequence(one: ProduceBatch) {
      const numbered = await idempotence.sequence(one)
      sent.set(one.records, numbered)
      return numbered
    },
    settle: (one: ProduceBatch, errorCode: number | undefined) => idempotence.settle(sent.get(one.records)!, errorCode),
  }
}

test('sequences count the records of each partition, under one producer id', async () => {
  const { sequence, settle, asked } = setup()
  const seen: number[][] = []
  for (const one of [batch(3), batch(2, 1), batch(4), batch(1, 1), batch(1)]) {
    const { producer, firstSequence } = await sequence(one)
    seen.push([producer!.producerId, one.partition, firstSequence])
    expect(settle(one, WRITTEN)).toBe('written')
  }
  expect(seen).toEqual([
    [1, 0, 0],
    [1, 1, 0],
    [1, 0, 3],
    [1, 1, 2],
    [1, 0, 7],
  ])
  expect(asked()).toBe(1)
})

test('a batch that may have been written keeps its sequence, however often it is sent again', async () => {
  const { sequence, settle } = setup()
  const one = batch(3)
  const { producer, firstSequence } = await sequence(one)
  expect(settle(one, NO_ANSWER)).toBe('unknown')
  for (const [errorCode, outcome] of [
    [NO_ANSWER, 'unknown'],
    [REFUSED, 'refused'],
    [NO_ANSWER, 'unknown'],
  ] as const) {
    // The same records make it a retry: the batch need not be the same object.
    const again = { ...one }
    expect(await sequence(again)).toEqual({ batch: again, producer, firstSequence })
    expect(settle(one, errorCode)).toBe(outcome)
  }
  expect(settle(one, DUPLICATE)).toBe('written')
  expect(await sequence(batch(1))).toMatchObject({ producer, firstSequence: 3 })
})

test('the answer that a first attempt is a duplicate is about another batch, so this one is sent again', async () => {
  const { sequence, settle } = setup()
  const one = batch(3)
  await sequence(one)
  expect(settle(one, DUPLICATE)).toBe('out-of-sequence')
  expect(await sequence(one)).toMatchObject({ producer: { producerId: 2 }, firstSequence: 0 })
})

test('other records never get a sequence that may have been used', async () => {
  const { sequence, settle, asked } = setup()
  const doubtful = batch(3)
  const other = batch(1, 1)
  await sequence(doubtful)
  await sequence(other)
  settle(doubtful, NO_ANSWER)
  expect(await sequence(batch(1))).toMatchObject({ producer: { producerId: 2, producerEpoch: 0 }, firstSequence: 0 })
  // A batch that is in flight in another partition keeps its sequence; the batch after it has the new producer id.
  settle(other, NO_ANSWER)
  expect(await sequence(other)).toMatchObject({ producer: { producerId: 1 }, firstSequence: 0 })
  settle(other, WRITTEN)
  expect(await sequence(batch(1, 1))).toMatchObject({ producer: { producerId: 2 }, firstSequence: 0 })
  expect(asked()).toBe(2)
})

test('a batch that was refused has used no sequence', async () => {
  const { sequence, settle, asked } = setup()
  const refused = batch(3)
  await sequence(refused)
  expect(settle(refused, REFUSED)).toBe('refused')
  expect(await sequence(batch(2))).toMatchObject({ producer: { producerId: 1 }, firstSequence: 0 })
  expect(asked()).toBe(1)
})

test('a batch that is out of sequence is sent again from 0 under another producer id', async () => {
  const { sequence, settle } = setup()
  const one = batch(3)
  await sequence(one)
  settle(one, WRITTEN)
  const two = batch(1)
  await sequence(two)
  expect(settle(two, OUT_OF_ORDER)).toBe('out-of-sequence')
  expect(await sequence(two)).toMatchObject({ producer: { producerId: 2 }, firstSequence: 0 })
})

test('two partitions in doubt ask for one new producer id, and ask again if that fails', async () => {
  const answers: (() => Promise<ProducerIdAndEpoch>)[] = [
    async () => ({ producerId: 1, producerEpoch: 0 }),
    () => Promise.reject(new Error('not now')),
    async () => ({ producerId: 2, producerEpoch: 0 }),
  ]
  const { sequence, settle } = setup(() => answers.shift()?.() ?? Promise.reject(new Error('asked once too often')))
  for (const partition of [0, 1]) {
    const doubtful = batch(1, partition)
    await sequence(doubtful)
    settle(doubtful, NO_ANSWER)
  }
  await expect(sequence(batch(1, 0))).rejects.toThrow('not now')
  const fresh = await Promise.all([sequence(batch(1, 0)), sequence(batch(1, 1))])
  expect(fresh.map(({ producer }) => producer?.producerId)).toEqual([2, 2])
})

test('sequences begin again at 0 after the largest', () => {
  expect(nextSequence(0, 5)).toBe(5)
  expect(nextSequence(0x7fffffff - 4, 4)).toBe(0x7fffffff)
  expect(nextSequence(0x7fffffff - 4, 5)).toBe(0)
  expect(nextSequence(0x7fffffff, 3)).toBe(2)
})
