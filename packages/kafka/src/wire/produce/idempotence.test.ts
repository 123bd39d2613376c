import { expect, test } from 'vitest'
import type { ProduceBatch } from '../../driver/driver.ts'
import { nextSequence, sequences } from './idempotence.ts'

const batch = (count: number, partition = 0): ProduceBatch => ({
  topic: 't',
  partition,
  records: Array.from({ length: count }, () => ({ key: null, value: null, headers: [], timestamp: 0 })),
})

function numbering() {
  let asked = 0
  return { ...sequences(async () => ({ producerId: ++asked, producerEpoch: 0 })), asked: () => asked }
}

test('counts the records of each partition, under one producer id', async () => {
  const { number, settle, asked } = numbering()
  const seen: number[][] = []
  for (const one of [batch(3), batch(2, 1), batch(4), batch(1, 1), batch(1)]) {
    const { identity, firstSequence } = await number(one)
    seen.push([identity.producerId, one.partition, firstSequence])
    settle(one, 'written')
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

test('a retry of what may have been written has the same number, however often', async () => {
  const { number, settle, mayBeWritten } = numbering()
  const one = batch(3)
  const first = await number(one)
  expect(mayBeWritten(one)).toBe(false)
  settle(one, 'unknown')
  for (const outcome of ['unknown', 'refused', 'unknown'] as const) {
    expect(mayBeWritten(one)).toBe(true)
    // By its records: it need not be the same object.
    expect(await number({ ...one })).toEqual(first)
    settle(one, outcome)
  }
  settle(one, 'written')
  expect(await number(batch(1))).toEqual({ identity: first.identity, firstSequence: 3 })
})

test('other records never get a number that may have been used', async () => {
  const { number, settle, asked } = numbering()
  const doubtful = batch(3)
  const other = batch(1, 1)
  await number(doubtful)
  await number(other)
  settle(doubtful, 'unknown')
  expect(await number(batch(1))).toEqual({ identity: { producerId: 2, producerEpoch: 0 }, firstSequence: 0 })
  // What is under way in another partition keeps its number; what comes after it has the new producer id.
  settle(other, 'unknown')
  expect(await number(other)).toMatchObject({ identity: { producerId: 1 }, firstSequence: 0 })
  settle(other, 'written')
  expect(await number(batch(1, 1))).toMatchObject({ identity: { producerId: 2 }, firstSequence: 0 })
  expect(asked()).toBe(2)
})

test('what was refused has used no number', async () => {
  const { number, settle, asked } = numbering()
  const refused = batch(3)
  await number(refused)
  settle(refused, 'refused')
  expect(await number(batch(2))).toMatchObject({ identity: { producerId: 1 }, firstSequence: 0 })
  expect(asked()).toBe(1)
})

test('when the broker has lost track, counting starts anew under another producer id', async () => {
  const { number, settle } = numbering()
  const one = batch(3)
  await number(one)
  settle(one, 'written')
  const two = batch(1)
  await number(two)
  settle(two, 'lost-track')
  expect(await number(two)).toMatchObject({ identity: { producerId: 2 }, firstSequence: 0 })
})

test('two partitions in doubt ask for one new producer id; one that could not be asked for is asked for again', async () => {
  const answers: (() => Promise<{ producerId: number; producerEpoch: number }>)[] = [
    async () => ({ producerId: 1, producerEpoch: 0 }),
    () => Promise.reject(new Error('not now')),
    async () => ({ producerId: 2, producerEpoch: 0 }),
  ]
  const { number, settle } = sequences(() => answers.shift()?.() ?? Promise.reject(new Error('asked once too often')))
  for (const partition of [0, 1]) {
    const doubtful = batch(1, partition)
    await number(doubtful)
    settle(doubtful, 'unknown')
  }
  await expect(number(batch(1, 0))).rejects.toThrow('not now')
  const fresh = await Promise.all([number(batch(1, 0)), number(batch(1, 1))])
  expect(fresh.map(({ identity }) => identity.producerId)).toEqual([2, 2])
})

test('sequences start again from 0 behind the largest', () => {
  expect(nextSequence(0, 5)).toBe(5)
  expect(nextSequence(0x7fffffff - 4, 4)).toBe(0x7fffffff)
  expect(nextSequence(0x7fffffff - 4, 5)).toBe(0)
  expect(nextSequence(0x7fffffff, 3)).toBe(2)
})
