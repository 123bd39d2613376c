import { afterEach, expect, test, vi } from 'vitest'
import { brokerUnreachable } from '../errors/connection-error.ts'
import { knownPartitions, watchPartitions } from './metadata.ts'
import type { Metadata } from './metadata.ts'

afterEach(() => {
  vi.useRealTimers()
})

type Partitions = Pick<Metadata, 'partitions' | 'refresh'>

/** Topics with the given numbers of partitions. */
function metadataOf(counts: Record<string, number>, refresh = async () => {}): Partitions {
  const partitions = (topic: string) =>
    Array.from({ length: counts[topic] ?? 0 }, (_, partition) => ({
      partition,
      errorCode: 0,
      leader: 1,
      replicas: [],
      inSyncReplicas: [],
    }))
  return { refresh, partitions }
}

test('watchPartitions reports partitions that are added until it is stopped', async () => {
  vi.useFakeTimers()
  const counts = { a: 1, b: 2 }
  const onChange = vi.fn<() => void>()
  const onError = vi.fn<(error: unknown) => void>()
  const stop = watchPartitions(metadataOf(counts), { topics: new Set(['a', 'b']), onChange, onError })
  await vi.advanceTimersByTimeAsync(200_000)
  expect(onChange).not.toHaveBeenCalled()
  counts.b = 3
  await vi.advanceTimersByTimeAsync(60_000)
  expect(onChange).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(120_000)
  expect(onChange).toHaveBeenCalledTimes(1)
  counts.a = 4
  await vi.advanceTimersByTimeAsync(60_000)
  expect(onChange).toHaveBeenCalledTimes(2)
  stop()
  counts.a = 5
  await vi.advanceTimersByTimeAsync(200_000)
  expect(onChange).toHaveBeenCalledTimes(2)
  expect(onError).not.toHaveBeenCalled()
})

test('watchPartitions refreshes at maxAgeMs, and at least once a minute', async () => {
  vi.useFakeTimers()
  const refresh = vi.fn<() => Promise<void>>(async () => {})
  const stops = [1000, 300_000].map((maxAgeMs) =>
    watchPartitions(metadataOf({ a: 1 }, refresh), { topics: new Set(['a']), maxAgeMs, onChange() {}, onError() {} }),
  )
  await vi.advanceTimersByTimeAsync(59_000)
  expect(refresh).toHaveBeenCalledTimes(59)
  await vi.advanceTimersByTimeAsync(1000)
  expect(refresh).toHaveBeenCalledTimes(61)
  for (const stop of stops) stop()
})

test('watchPartitions ignores retriable errors and reports others', async () => {
  vi.useFakeTimers()
  const onError = vi.fn<(error: unknown) => void>()
  let error: Error = brokerUnreachable({ nodeId: 1, host: 'a', port: 1 }, 'is away')
  const refresh = () => Promise.reject(error)
  const stop = watchPartitions(metadataOf({ a: 1 }, refresh), { topics: new Set(['a']), onChange() {}, onError })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(onError).not.toHaveBeenCalled()
  error = new TypeError('no')
  await vi.advanceTimersByTimeAsync(60_000)
  expect(onError).toHaveBeenCalledTimes(1)
  stop()
})

test('a partition is new if its topic did not have it at the last assignment', () => {
  let count = 2
  const known = knownPartitions({ partitions: () => metadataOf({ t: count }).partitions('t') }, new Set(['t']))
  const news = () => [0, 1, 2, 3, 4].filter((partition) => known.isNew({ topic: 't', partition }))
  // No numbers are known yet, so any of the partitions may be old.
  expect(news()).toEqual([])
  known.note([{ topic: 't', partition: 0 }])
  expect(news()).toEqual([2, 3, 4])
  count = 3
  expect(news()).toEqual([2, 3, 4])
  known.note([])
  expect(news()).toEqual([3, 4])
  known.note([{ topic: 't', partition: 3 }])
  expect(news()).toEqual([4])
  expect(known.isNew({ topic: 'other', partition: 9 })).toBe(false)
})
