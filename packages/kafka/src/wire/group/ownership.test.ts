import { expect, test, vi } from 'vitest'
import type { TopicPartition, TopicPartitionOffset } from '../../driver/driver.ts'
import { ownerMetadata } from '../../driver/partition-owner.ts'
import { scriptedBroker } from '../../fixtures/scripted-broker.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { groupOwnership } from './ownership.ts'

const UNSTABLE = 88
const partitions: readonly TopicPartition[] = [0, 1].map((partition) => ({ topic: 't', partition }))
const pending = (times: number) => Array.from({ length: times }, () => UNSTABLE)

/** The ownership of a member with the transactional id `me`, at a broker that the test scripts. */
function owning(metadata = '', offset = 5) {
  const broker = scriptedBroker()
  broker.committed = { offset, metadata }
  const ending = new AbortController()
  const troubles: Error[] = []
  const commits: (readonly [readonly TopicPartitionOffset[], string])[] = []
  const cluster = {
    findCoordinator: async (key: string, of: string) => {
      broker.log.push(`FindCoordinator ${of} ${key}`)
      return 1
    },
    node: async () => broker.connection,
  } as unknown as Cluster
  const ownership = groupOwnership({
    cluster,
    groupId: 'g',
    transactionalId: 'me',
    patienceMs: 1000,
    signal: ending.signal,
    onTrouble: (error) => troubles.push(error as Error),
    commit: async (...commit) => void commits.push(commit),
  })
  const requests = () => broker.log.filter((line) => !line.startsWith('FindCoordinator'))
  return { broker, ending, troubles, commits, ownership, requests }
}

const [STABLE_FETCH, UNSTABLE_FETCH] = ['OffsetFetch g t/0 t/1 stable', 'OffsetFetch g t/0 t/1 unstable']
const found = (offset: number) => partitions.map((at) => expect.objectContaining({ ...at, offset }) as unknown)

test('partitions without another owner are taken over at once', async () => {
  for (const metadata of ['', ownerMetadata('me'), 'of another program', '{"owner":7}']) {
    const { ownership, requests, troubles } = owning(metadata)
    expect(await ownership.takeOver(() => partitions)).toEqual(found(5))
    expect(requests()).toEqual([STABLE_FETCH, STABLE_FETCH])
    expect(troubles).toEqual([])
  }
})

test('the transactions of another owner are ended before the offsets are read', async () => {
  const { ownership, broker, requests } = owning(ownerMetadata('it'))
  expect(await ownership.takeOver(() => partitions)).toEqual(found(5))
  expect(requests()).toEqual([STABLE_FETCH, 'InitProducerId it 10000 ms -1/-1', STABLE_FETCH])
  expect(broker.log).toContain('FindCoordinator transaction it')
})

test('while a transaction is pending, the owner is the one of the last committed offset', async () => {
  const { ownership, broker, requests, troubles } = owning(ownerMetadata('it'))
  broker.next('OffsetFetch', UNSTABLE, 0, UNSTABLE, UNSTABLE)
  expect(await ownership.takeOver(() => partitions)).toEqual(found(5))
  expect(requests()).toEqual([
    STABLE_FETCH,
    UNSTABLE_FETCH,
    'InitProducerId it 10000 ms -1/-1',
    STABLE_FETCH,
    STABLE_FETCH,
    STABLE_FETCH,
  ])
  // A transaction that takes some milliseconds to end is no trouble.
  expect(troubles).toEqual([])
})

test('a member that must not end the transaction of another waits for its time-out, and says so once', async () => {
  const { ownership, broker, troubles } = owning(ownerMetadata('it'))
  broker.next('InitProducerId', 53)
  broker.next('OffsetFetch', UNSTABLE, 0, ...pending(14))
  expect(await ownership.takeOver(() => partitions)).toEqual(found(5))
  expect(troubles.map(({ message }) => message)).toEqual([
    expect.stringContaining(
      'could not end the transaction of "it", so that its partitions wait until it has timed out',
    ),
    expect.stringContaining('could not read partition 0 of "t" yet: a transaction of another producer is pending'),
  ])
  expect(troubles[0]).toMatchObject({ code: 'AUTHENTICATION_REFUSED' })
})

test('a member that gets its own partitions back ends its own transaction, unless that ends soon', async () => {
  const { ownership, broker, requests, troubles } = owning(ownerMetadata('me'))
  broker.next('OffsetFetch', UNSTABLE, 0, ...pending(3))
  expect(await ownership.takeOver(() => partitions)).toEqual(found(5))
  expect(requests().filter((line) => line.startsWith('InitProducerId'))).toEqual([])
  expect(troubles).toEqual([])
  broker.next('OffsetFetch', UNSTABLE, 0, ...pending(14))
  expect(await ownership.takeOver(() => partitions)).toEqual(found(5))
  expect(requests().filter((line) => line.startsWith('InitProducerId'))).toEqual(['InitProducerId me 10000 ms -1/-1'])
  expect(troubles).toHaveLength(1)
})

test('partitions that are not wanted any more are not waited for', async () => {
  const { ownership, broker, requests } = owning()
  let wanted = partitions
  broker.next('OffsetFetch', UNSTABLE, 0, ...pending(1000))
  const taken = ownership.takeOver(() => wanted)
  await vi.waitFor(() => expect(requests().length).toBeGreaterThan(3))
  wanted = []
  expect(await taken).toBeUndefined()
  expect(await ownership.takeOver(() => [])).toBeUndefined()
})

test('a consumer that ends does not wait any more', async () => {
  const { ownership, broker, ending, requests } = owning()
  broker.next('OffsetFetch', UNSTABLE, 0, ...pending(1000))
  const taken = ownership.takeOver(() => partitions)
  await vi.waitFor(() => expect(requests().length).toBeGreaterThan(3))
  const read = ownership.committed(partitions)
  await vi.waitFor(() => expect(requests().length).toBeGreaterThan(6))
  ending.abort()
  expect(await taken).toBeUndefined()
  await expect(read).rejects.toMatchObject({ code: 'NOT_OPEN' })
})

test('an error that is not retriable is an error of the consumer', async () => {
  const { ownership, broker } = owning()
  broker.next('OffsetFetch', 30)
  await expect(ownership.takeOver(() => partitions)).rejects.toMatchObject({ errorCode: 30 })
})

test('committed offsets are read once no transaction is pending, without their metadata', async () => {
  const { ownership, broker } = owning(ownerMetadata('it'))
  broker.next('OffsetFetch', UNSTABLE, UNSTABLE)
  expect(await ownership.committed(partitions)).toEqual(partitions.map((at) => ({ ...at, offset: 5 })))
  broker.committed = { offset: -1, metadata: '' }
  expect(await ownership.committed(partitions)).toEqual([])
  expect(await ownership.committed([])).toEqual([])
})

test('a partition is released with its committed offset, if it is still owned', async () => {
  const { ownership, broker, commits } = owning(ownerMetadata('me'))
  await ownership.release(partitions, 1000)
  expect(commits).toEqual([[found(5), '']])
  broker.committed = { offset: 6, metadata: ownerMetadata('it') }
  await ownership.release(partitions, 1000)
  expect(commits.slice(1)).toEqual([[[], '']])
})

test('a partition with a pending transaction is not released, and nothing waits for it for long', async () => {
  const { ownership, broker, commits } = owning(ownerMetadata('me'))
  broker.next('OffsetFetch', ...pending(1000))
  await ownership.release(partitions, 30)
  expect(commits.flatMap(([offsets]) => offsets)).toEqual([])
  // An error does not matter: the next owner ends a transaction that this member does not have.
  broker.next('OffsetFetch', 30)
  await ownership.release(partitions, 30)
})
