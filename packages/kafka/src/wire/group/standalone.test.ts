import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { TopicPartition } from '../../driver/driver.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Metadata } from '../cluster/metadata.ts'
import { standaloneReader } from './standalone.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function reader(watch: boolean) {
  const state = { partitions: 2, refuse: undefined as Error | undefined }
  const told: [number[], boolean][] = []
  const errors: unknown[] = []
  const metadata: Partial<Metadata> = {
    refresh: async () => {},
    partitions: () =>
      Array.from({ length: state.partitions }, (_, partition) => ({
        partition,
        errorCode: 0,
        leader: 1,
        replicas: [],
        inSyncReplicas: [],
      })),
  }
  const standalone = standaloneReader({
    cluster: { metadata } as Cluster,
    topics: new Set(['t']),
    partitions: [0, 1].map((partition) => ({ topic: 't', partition })),
    watch,
    async assigned(partitions: readonly TopicPartition[], added) {
      told.push([partitions.map(({ partition }) => partition), added])
      if (state.refuse) throw state.refuse
    },
  })
  void standalone.failed.then((error) => errors.push(error))
  return { state, told, errors, standalone }
}

test('a standalone reader owns all partitions at once, and those that are added when they appear', async () => {
  const { state, told, errors, standalone } = reader(true)
  expect(told).toEqual([[[0, 1], false]])
  state.partitions = 4
  await vi.advanceTimersByTimeAsync(200_000)
  state.partitions = 5
  await vi.advanceTimersByTimeAsync(200_000)
  await standalone.leave()
  state.partitions = 6
  await vi.advanceTimersByTimeAsync(200_000)
  expect(told).toEqual([
    [[0, 1], false],
    [[2, 3], true],
    [[4], true],
  ])
  expect(errors).toEqual([])
})

test('a standalone reader of certain partitions does not look for others', async () => {
  const { state, told } = reader(false)
  state.partitions = 4
  await vi.advanceTimersByTimeAsync(200_000)
  expect(told).toHaveLength(1)
})

test('a standalone reader reports an error with partitions that were added', async () => {
  const { state, errors } = reader(true)
  await vi.advanceTimersByTimeAsync(1)
  state.refuse = new TypeError('broke')
  state.partitions = 3
  await vi.advanceTimersByTimeAsync(60_000)
  expect(errors).toEqual([state.refuse])
})
