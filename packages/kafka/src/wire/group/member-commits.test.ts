import { expect, test } from 'vitest'
import type { TopicPartition, TopicPartitionOffset } from '../../driver/driver.ts'
import { errorCodeOf, protocolError } from '../errors/kafka-error.ts'
import { memberCommits } from './member-commits.ts'
import { memberPartitions } from './owned-partitions.ts'
import { wakeUps } from '../wake-ups.ts'

const at = (partition: number): TopicPartition => ({ topic: 't', partition })
const ILLEGAL_GENERATION = 22

/** A member that owns 0 and 1, whose generation the test moves. */
async function member(answer: (generation: number) => number | undefined) {
  const changes = wakeUps()
  const partitions = memberPartitions({
    assigned: async () => {},
    revoked: async () => {},
    lateMs: 1000,
    onLate: async () => {},
    changes,
    signal: new AbortController().signal,
  })
  await partitions.take([at(0), at(1)])
  const state = { generation: 1 as number | undefined, open: true, sent: [] as string[], stuck: [] as unknown[] }
  const commit = memberCommits<number>({
    owned: partitions,
    changes,
    settled: () => state.generation,
    open: () => state.open,
    stuckMs: 100,
    onStuck: (refusal) => {
      state.stuck.push(errorCodeOf(refusal))
      partitions.lose()
    },
    async send(generation, offsets) {
      state.sent.push(`${generation}: ${offsets.map(({ partition, offset }) => `${partition}@${offset}`).join()}`)
      const errorCode = answer(generation)
      if (errorCode !== undefined) throw protocolError(errorCode)
    },
  })
  const settle = (generation: number | undefined) => {
    state.generation = generation
    changes.wake()
  }
  return { partitions, state, settle, changes, commit }
}

const offsets: readonly TopicPartitionOffset[] = [0, 1, 2].map((partition) => ({ ...at(partition), offset: 5 }))

test('what is not owned is left out', async () => {
  const { commit, state } = await member(() => undefined)
  await commit(offsets)
  await commit([{ ...at(7), offset: 1 }])
  expect(state.sent).toEqual(['1: 0@5,1@5'])
})

test('while it is not known what the member has, commits wait', async () => {
  const { commit, state, settle } = await member(() => undefined)
  settle(undefined)
  const committed = commit(offsets)
  await Promise.resolve()
  expect(state.sent).toEqual([])
  settle(2)
  await committed
  expect(state.sent).toEqual(['2: 0@5,1@5'])
})

test('what a generation that is over refuses goes under the next, but for what was given up meanwhile', async () => {
  const { commit, state, settle, partitions } = await member((generation) =>
    generation === 1 ? ILLEGAL_GENERATION : undefined,
  )
  const committed = commit(offsets)
  await expect.poll(() => state.sent.length).toBe(1)
  await partitions.handOver(partitions.all().slice(0, 1), 'lost')
  settle(2)
  await committed
  expect(state.sent.at(-1)).toBe('2: 1@5')
})

test('a partition that was lost and came back is another one: an old commit must not move what others did', async () => {
  const { commit, state, settle, partitions } = await member((generation) =>
    generation === 1 ? ILLEGAL_GENERATION : undefined,
  )
  const committed = commit(offsets)
  await expect.poll(() => state.sent.length).toBe(1)
  partitions.lose()
  await partitions.toldOfLoss()
  await partitions.take([at(0), at(1)])
  settle(2)
  await committed
  expect(state.sent).toEqual(['1: 0@5,1@5'])
})

test('a member that left commits nothing more, and does not keep anybody waiting', async () => {
  const { commit, state, changes } = await member(() => ILLEGAL_GENERATION)
  const committed = commit(offsets)
  await expect.poll(() => state.sent.length).toBe(1)
  state.open = false
  changes.wake()
  await committed
})

test('other errors are errors', async () => {
  const { commit } = await member(() => 30)
  await expect(commit(offsets)).rejects.toMatchObject({ errorCode: 30 })
})

test('a coordinator that refuses commits, and says nothing else, ends the membership in time', async () => {
  const { commit, state } = await member(() => ILLEGAL_GENERATION)
  await commit(offsets)
  expect(state.stuck).toEqual([ILLEGAL_GENERATION])
  expect(state.sent).toHaveLength(1)
})
