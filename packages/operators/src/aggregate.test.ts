import { createApp } from '@snapstream/core'
import { JsonCodec } from '@snapstream/codecs'
import { Conf, Topic } from '@snapstream/kafka'
import { createTestApp } from '@snapstream/kafka/testing'
import { Store } from '@snapstream/state'
import { afterEach, describe, expect, test } from 'vitest'
import { runThrough } from './fixtures/run-app.ts'
import { aggregate, filter, map } from './index.ts'

afterEach(() => Conf.reset())

const WORDS = ['a', 'b', 'a', 'c', 'a', 'b'].map((key, i) => ({ key, value: i }))

test('a value for each key grows with its messages', async () => {
  const sums = aggregate(WORDS, (sum: number = 0, { value }) => sum + value)
  expect(await runThrough(sums, ({ key, value, message }) => [key, value, message.value])).toEqual([
    ['a', 0, 0],
    ['b', 1, 1],
    ['a', 2, 2],
    ['c', 3, 3],
    ['a', 6, 4],
    ['b', 6, 5],
  ])
})

test('tombstones are passed over, keys of all types are apart', async () => {
  const messages = [
    { key: 1, value: 'x' },
    { key: '1', value: 'x' },
    { key: 1, value: null },
    { key: new Uint8Array([1]), value: 'x' },
    { key: new Uint8Array([1]), value: 'x' },
    { key: true, value: 'x' },
  ]
  const counts = aggregate(messages, (count: number = 0) => count + 1)
  expect(await runThrough(counts, ({ value }) => value)).toEqual([1, 1, 1, 2, 1])
})

test('a message without a key fails, for onError', async () => {
  const errors: string[] = []
  const counts = aggregate([{ key: null }, { key: 'a' }, { key: {} as never }], (count: number = 0) => count + 1)
  const onError = (error: Error) => {
    errors.push(error.message)
    return 'skip' as const
  }
  expect(await runThrough(counts, ({ value }) => value, { onError })).toEqual([1])
  expect(errors).toEqual([
    'aggregate needs messages with a key, and this one has none; let onError skip it, or give it a key: bind the topic to another one with keys, or put map(...) before aggregate',
    'aggregate needs keys that are strings, numbers, booleans or bytes, got an object with no fields; put map(...) before aggregate',
  ])
})

test.each([
  ['a promise', async () => 1, 'the fold of aggregate returned a promise'],
  ['undefined', () => undefined, 'the fold of aggregate returned undefined'],
  ['what cannot be copied', () => ({ f() {} }), 'aggregate cannot keep an object with f in memory'],
])('a fold that returns %s is refused', async (_, fold, message) => {
  const counts = aggregate([{ key: 'a' }], fold as () => unknown)
  await expect(runThrough(counts, () => 1)).rejects.toThrow(message)
})

test('a failed attempt leaves no trace in memory, even if the fold changes its value', async () => {
  let tries = 0
  const lists = aggregate(WORDS, (list: number[] = [], { value }) => {
    list.push(value)
    return list
  })
  const emitted = await runThrough(
    lists,
    ({ key, value }) => {
      if (++tries % 2 === 1) throw new Error('once')
      return [key, value]
    },
    { onError: { retries: 1, backoffMs: 0 } },
  )
  expect(emitted.slice(-2)).toEqual([
    ['a', [0, 2, 4]],
    ['b', [1, 5]],
  ])
})

describe.each([
  ['a store', true],
  ['memory', false],
])('on topics with %s', (_, stored) => {
  test('a chain counts by key, and a dead letter is not counted', async () => {
    Conf({ groupId: 'g' })
    const app = createApp()
    const words = Topic('words', { codec: JsonCodec<number>() })
    const even = filter(words, ({ value }) => value % 2 === 0)
    const doubled = map(even, ({ key, value }) => ({ key, value: value * 2 }))
    const sums = stored
      ? aggregate(doubled, Store<string, number>('sums'), (sum = 0, { value }) => sum + value)
      : aggregate(doubled, (sum: number = 0, { value }) => sum + value)
    const out = Topic('sums', { codec: JsonCodec<number>() })
    app.snap(sums, { sink: [out], onError: { deadLetter: Topic('dead') } })(({ key, value, message }) => {
      if (message.value === 8) throw new Error('eight')
      return [key, value]
    })
    await using test = createTestApp({ app, partitions: 2 })
    await test.start()
    for (const value of [1, 2, 4, 6, 7]) await test.topic(words).pipe(value, { key: 'a' })
    await test.advance(1000)
    expect((await test.topic(out).readAll()).map(({ value }) => value)).toEqual([4, 16])
    expect(await test.topic('dead').readAll()).toHaveLength(1)
  })
})

test('with a store and exactly-once topics, no crash and no retry changes a count', async () => {
  Conf({ groupId: 'g', exactlyOnce: true })
  const app = createApp()
  const words = Topic('words')
  const counts = aggregate(words, Store<string, number>('counts'), (count = 0) => count + 1)
  const out = Topic('counts', { codec: JsonCodec<number>() })
  let fails = 2
  app.snap(counts, { sink: [out], onError: { retries: 2, backoffMs: 1 } })(({ key, value }) => {
    if (value === 3 && fails-- > 0) throw new Error('not yet')
    return [key, value]
  })
  await using test = createTestApp({ app, checkpointMs: 10_000 })
  await test.start()
  for (let i = 0; i < 3; i++) await test.topic('words').pipe('x', { key: 'a' })
  await test.restart({ crash: true })
  await test.topic('words').pipe('x', { key: 'a' })
  await test.restart({ crash: true, freshFolder: true })
  await test.topic('words').pipe('x', { key: 'a' })
  await test.advance(10_000)
  expect((await test.topic(out).readAll()).map(({ value }) => value)).toEqual([1, 2, 3, 4, 5])
})
