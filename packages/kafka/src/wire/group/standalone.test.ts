import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { TopicPartition } from '../../driver/driver.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Metadata } from '../cluster/metadata.ts'
import { loneReader } from './standalone.ts'

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
  const lone = loneReader({
    cluster: { metadata } as Cluster,
    topics: new Set(['t']),
    all: [0, 1].map((partition) => ({ topic: 't', partition })),
    watch,
    async assigned(partitions: readonly TopicPartition[], more = false) {
      told.push([partitions.map(({ partition }) => partition), more])
      if (state.refuse) throw state.refuse
    },
    onError: (error) => errors.push(error),
  })
  return { state, told, errors, lone }
}

test('has all partitions at once, and those that are added when they appear', async () => {
  const { state, told, errors, lone } = reader(true)
  expect(told).toEqual([[[0, 1], false]])
  state.partitions = 4
  await vi.advanceTimersByTimeAsync(200_000)
  state.partitions = 5
  await vi.advanceTimersByTimeAsync(200_000)
  await lone.leave()
  state.partitions = 6
  await vi.advanceTimersByTimeAsync(200_000)
  expect(told).toEqual([
    [[0, 1], false],
    [[2, 3], true],
    [[4], true],
  ])
  expect(errors).toEqual([])
})

test('looks for none where it was said which are read', async () => {
  const { state, told } = reader(false)
  state.partitions = 4
  await vi.advanceTimersByTimeAsync(200_000)
  expect(told).toHaveLength(1)
})

test('tells what went wrong with those that were added', async () => {
  const { state, errors } = reader(true)
  await vi.advanceTimersByTimeAsync(1)
  state.refuse = new TypeError('broke')
  state.partitions = 3
  await vi.advanceTimersByTimeAsync(60_000)
  expect(errors).toEqual([state.refuse])
})
