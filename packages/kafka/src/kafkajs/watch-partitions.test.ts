import { afterEach, expect, test, vi } from 'vitest'
import type { KafkaCluster } from './internals.ts'
import { watchPartitions } from './watch-partitions.ts'

afterEach(() => {
  vi.useRealTimers()
})

function clusterOf(counts: Record<string, number>, refresh = async () => {}) {
  return {
    targetTopics: new Set(Object.keys(counts)),
    refreshMetadata: refresh,
    findTopicPartitionMetadata: (topic: string) =>
      Array.from({ length: counts[topic] ?? 0 }, (_, partitionId) => ({ partitionId, leader: 1 })),
  } as unknown as KafkaCluster
}

test('tells of partitions that were added, until it is stopped', async () => {
  vi.useFakeTimers()
  const counts = { a: 1, b: 2 }
  const onChange = vi.fn<() => void>()
  const onError = vi.fn<(error: unknown) => void>()
  const stop = watchPartitions(clusterOf(counts), new Set(['a', 'b']), onChange, onError)
  await vi.advanceTimersByTimeAsync(200_000)
  expect(onChange).not.toHaveBeenCalled()
  counts.b = 3
  await vi.advanceTimersByTimeAsync(60_000)
  expect(onChange).toHaveBeenCalledTimes(1)
  stop()
  await vi.advanceTimersByTimeAsync(200_000)
  expect(onChange).toHaveBeenCalledTimes(1)
  expect(onError).not.toHaveBeenCalled()
})

test('passing troubles are none of its business; others are', async () => {
  vi.useFakeTimers()
  const onError = vi.fn<(error: unknown) => void>()
  let name = 'KafkaJSConnectionError'
  const refresh = () => Promise.reject(Object.assign(new Error('no'), { name }))
  const stop = watchPartitions(clusterOf({ a: 1 }, refresh), new Set(['a']), () => {}, onError)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(onError).not.toHaveBeenCalled()
  name = 'TypeError'
  await vi.advanceTimersByTimeAsync(60_000)
  expect(onError).toHaveBeenCalledTimes(1)
  stop()
})
