import { afterEach, expect, test, vi } from 'vitest'
import { brokerUnreachable } from '../errors/connection-error.ts'
import type { FollowedTopics } from './metadata.ts'
import { watchPartitions } from './watch-partitions.ts'

afterEach(() => {
  vi.useRealTimers()
})

function topicsOf(counts: Record<string, number>, refresh = async () => {}): FollowedTopics {
  const partitions = (topic: string) =>
    Array.from({ length: counts[topic] ?? 0 }, (_, partition) => ({
      partition,
      errorCode: 0,
      leader: 1,
      replicas: [],
      inSyncReplicas: [],
    }))
  const nothing = async () => {}
  return { refresh, partitions, ask: nothing, follow: nothing, refreshIfOld: nothing, leaderOf: () => 1 }
}

test('tells of partitions that were added, until it is stopped', async () => {
  vi.useFakeTimers()
  const counts = { a: 1, b: 2 }
  const onChange = vi.fn<() => void>()
  const onError = vi.fn<(error: unknown) => void>()
  const stop = watchPartitions(topicsOf(counts), new Set(['a', 'b']), onChange, onError)
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

test('asks more often where what is known may not get that old, and never less often than once a minute', async () => {
  vi.useFakeTimers()
  const refresh = vi.fn<() => Promise<void>>(async () => {})
  const stops = [1000, 300_000].map((maxAgeMs) =>
    watchPartitions(
      topicsOf({ a: 1 }, refresh),
      new Set(['a']),
      () => {},
      () => {},
      maxAgeMs,
    ),
  )
  await vi.advanceTimersByTimeAsync(59_000)
  expect(refresh).toHaveBeenCalledTimes(59)
  await vi.advanceTimersByTimeAsync(1000)
  expect(refresh).toHaveBeenCalledTimes(61)
  for (const stop of stops) stop()
})

test('passing troubles are none of its business; others are', async () => {
  vi.useFakeTimers()
  const onError = vi.fn<(error: unknown) => void>()
  let error: Error = brokerUnreachable({ nodeId: 1, host: 'a', port: 1 }, 'is away')
  const refresh = () => Promise.reject(error)
  const stop = watchPartitions(topicsOf({ a: 1 }, refresh), new Set(['a']), () => {}, onError)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(onError).not.toHaveBeenCalled()
  error = new TypeError('no')
  await vi.advanceTimersByTimeAsync(60_000)
  expect(onError).toHaveBeenCalledTimes(1)
  stop()
})
