import { afterEach, expect, test } from 'vitest'
import { SnapstreamError } from '@snapstream/core'
import type {
  ConsumerSettings,
  StateAssignment,
  TopicPartition,
  TopicPartitionOffset,
  TransactionalProducer,
} from '../../driver/driver.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { kafkaError, protocolError } from '../errors/kafka-error.ts'
import type { Connection } from '../protocol/connection.ts'
import { decodeSubscription, encodeAssignment } from './consumer-protocol.ts'
import { groupMember } from './membership.ts'

const [REBALANCE, UNKNOWN_MEMBER, ILLEGAL_GENERATION, MEMBER_ID_REQUIRED, NOT_AUTHORIZED] = [27, 25, 22, 79, 30]
const SESSION_MS = 1500

const at = (partition: number): TopicPartition => ({ topic: 't', partition })
const numbers = (partitions: readonly TopicPartition[]) => partitions.map(({ partition }) => partition).join()
const offsets: readonly TopicPartitionOffset[] = [0, 1, 2].map((partition) => ({ ...at(partition), offset: 5 }))

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

/** A member of a group whose coordinator the test controls. */
function joining(settings: Partial<ConsumerSettings> = {}) {
  const broker = {
    generationId: 0,
    protocol: 'cooperative-sticky',
    /** The partitions that the member is assigned. */
    assigned: [0, 1],
    /** What a member with state is told. */
    state: undefined as StateAssignment | undefined,
    /** How often the member had asked for a new assignment at each join. */
    rejoins: [] as (number | undefined)[],
    /** Awaited before an answer. */
    joins: Promise.resolve(),
    syncs: Promise.resolve(),
    /** An error of the next SyncGroup alone. */
    sync: 0,
    /** An error of the next heartbeat alone. */
    beat: 0,
    commit: (_generationId: number): number => 0,
    /** The requests: JoinGroup with the member's id and its partitions; LeaveGroup. */
    requests: [] as string[],
    commits: [] as string[],
  }
  const connection: Partial<Connection> = {
    async joinGroup({ memberId, protocols: [protocol] }) {
      const { owned, state } = decodeSubscription(protocol?.metadata ?? Buffer.alloc(0))
      if (memberId !== '') broker.rejoins.push(state?.rejoins)
      broker.requests.push(`join ${memberId || 'anew'} with ${numbers(owned) || 'nothing'}`)
      await broker.joins
      const answer = { protocol: broker.protocol, leaderId: 'another', members: [] }
      if (memberId === '') return { ...answer, errorCode: MEMBER_ID_REQUIRED, memberId: 'me', generationId: -1 }
      return { ...answer, errorCode: 0, memberId, generationId: ++broker.generationId }
    },
    async syncGroup() {
      await broker.syncs
      const errorCode = broker.sync
      broker.sync = 0
      return {
        errorCode,
        assignment: encodeAssignment({ partitions: broker.assigned.map(at), more: false, state: broker.state }),
      }
    },
    async heartbeat() {
      const errorCode = broker.beat
      broker.beat = 0
      return { errorCode }
    },
    async offsetCommit({ generationId, offsets: committed }) {
      broker.commits.push(
        `${generationId}: ${committed.map(({ partition, offset }) => `${partition}@${offset}`).join()}`,
      )
      const errorCode = broker.commit(generationId)
      return committed.map(({ topic, partition }) => ({ topic, partition, errorCode }))
    },
    async leaveGroup({ memberId }) {
      broker.requests.push(`leave ${memberId}`)
      return { errorCode: 0 }
    },
  }
  const cluster = {
    metadata: { refresh: async () => {}, partitions: () => [] },
    findCoordinator: async () => 1,
    node: async () => connection,
    renew: async () => {},
  } as unknown as Cluster
  const events: string[] = []
  const errors: unknown[] = []
  const listening = { revoked: async (): Promise<void> => {} }
  const member = groupMember({
    cluster,
    groupId: 'g',
    topics: new Set(['t']),
    settings: {
      heartbeatIntervalMs: 5,
      sessionTimeoutMs: SESSION_MS,
      rebalanceTimeoutMs: 10_000,
      ...settings,
    } as ConsumerSettings,
    patienceMs: 1000,
    listener: {
      assigned: async (partitions) => void events.push(`assigned ${numbers(partitions)}`),
      async revoked(partitions, reason) {
        events.push(`${reason} ${numbers(partitions)}`)
        await listening.revoked()
      },
    },
    onTrouble: (error) => errors.push(error),
  })
  void member.failed.then((error) => errors.push(error))
  ends.push(() => member.leave())
  return { broker, member, events, errors, listening }
}

/** A member in its first generation, with the partitions 0 and 1. */
async function joined(settings: Partial<ConsumerSettings> = {}) {
  const all = joining(settings)
  await expect.poll(() => all.events).toEqual(['assigned 0,1'])
  return all
}

/** A transactional producer that writes down the offsets that it is to send. Its error codes are in causes. */
function sending(refuse: (generationId: number) => number = () => 0) {
  const sent: string[] = []
  const sendOffsets: TransactionalProducer['sendOffsets'] = async ({ generationId, memberId }, given) => {
    const shown = given.map(({ partition, offset, metadata }) => `${partition}@${offset}${metadata}`)
    sent.push(`${generationId} of ${memberId}: ${shown.join()}`)
    const errorCode = refuse(generationId)
    if (errorCode !== 0) throw kafkaError(protocolError(errorCode), 'add offsets')
  }
  return { sent, sendOffsets } as unknown as TransactionalProducer & { readonly sent: readonly string[] }
}

/** A promise and the function that resolves it. */
function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open }
}

test('a new member joins and leaves with the id that the coordinator gave it', async () => {
  const { broker, member, errors } = await joined()
  await member.leave()
  await member.leave()
  expect(broker.requests).toEqual(['join anew with nothing', 'join me with nothing', 'leave me'])
  expect(errors).toEqual([])
})

test('a member that leaves while it joins waits for its id', async () => {
  const { broker, member, events } = joining()
  const { opened, open } = gate()
  broker.joins = opened
  await expect.poll(() => broker.requests).toHaveLength(1)
  const leaving = member.leave()
  await Promise.resolve()
  open()
  await leaving
  expect(broker.requests.at(-1)).toBe('leave me')
  expect(events).toEqual([])
})

test('a static member leaves without telling the coordinator', async () => {
  const { broker, member } = await joined({ groupInstanceId: 'one' })
  await member.leave()
  expect(broker.requests).not.toContain('leave me')
})

test('a member keeps its partitions while it joins, hands over those that others get, and joins once more', async () => {
  const { broker, events } = await joined()
  broker.assigned = [1, 2]
  broker.beat = REBALANCE
  await expect.poll(() => broker.generationId).toBe(3)
  expect(events).toEqual(['assigned 0,1', 'revoked 0', 'assigned 2'])
  expect(broker.requests.slice(2)).toEqual(['join me with 0,1', 'join me with 1,2'])
})

test('a member of an eager group hands over all partitions before it joins', async () => {
  const all = joining()
  all.broker.protocol = 'roundrobin'
  await expect.poll(() => all.events).toEqual(['assigned 0,1'])
  all.broker.beat = REBALANCE
  await expect.poll(() => all.events).toEqual(['assigned 0,1', 'revoked 0,1', 'assigned 0,1'])
  expect(all.broker.requests.at(-1)).toBe('join me with nothing')
})

test('a member that does not hand over in time leaves, and joins as a new one once its listener is done', async () => {
  const { broker, events, listening } = await joined({ rebalanceTimeoutMs: 30 })
  const { opened, open } = gate()
  listening.revoked = () => opened
  broker.assigned = [1]
  broker.beat = REBALANCE
  await expect.poll(() => events).toEqual(['assigned 0,1', 'revoked 0', 'lost 0,1'])
  expect(broker.requests.at(-1)).toBe('leave me')
  open()
  await expect.poll(() => events.at(-1)).toBe('assigned 1')
  expect(broker.requests.slice(-2)).toEqual(['join anew with nothing', 'join me with nothing'])
})

test('a member that the coordinator does not know any more loses all partitions, and joins again', async () => {
  const { broker, events, errors } = await joined()
  broker.beat = UNKNOWN_MEMBER
  await expect.poll(() => events).toEqual(['assigned 0,1', 'lost 0,1', 'assigned 0,1'])
  expect(errors).toMatchObject([{ message: expect.stringContaining('UNKNOWN_MEMBER_ID') as string }])
})

test('a member that is lost while it joins learns of the loss, and is assigned all its partitions again', async () => {
  const { broker, events } = await joined()
  const { opened, open } = gate()
  broker.joins = opened
  broker.beat = REBALANCE
  await expect.poll(() => broker.requests.at(-1)).toBe('join me with 0,1')
  broker.beat = UNKNOWN_MEMBER
  await expect.poll(() => events).toEqual(['assigned 0,1', 'lost 0,1'])
  open()
  await expect.poll(() => events).toEqual(['assigned 0,1', 'lost 0,1', 'assigned 0,1'])
  // Heartbeats have started again.
  broker.beat = REBALANCE
  await expect.poll(() => broker.generationId).toBe(3)
})

test('commits of partitions that are not owned are left out', async () => {
  const { broker, member } = await joined()
  await member.commit(offsets)
  await member.commit([{ ...at(7), offset: 1 }])
  expect(broker.commits).toEqual(['1: 0@5,1@5'])
})

test('commits go on while a member joins, and wait while it does not know its assignment', async () => {
  const { broker, member } = await joined()
  const [joins, syncs] = [gate(), gate()]
  broker.joins = joins.opened
  broker.syncs = syncs.opened
  broker.beat = REBALANCE
  await expect.poll(() => broker.requests.at(-1)).toBe('join me with 0,1')
  await member.commit(offsets)
  expect(broker.commits).toEqual(['1: 0@5,1@5'])
  joins.open()
  await expect.poll(() => broker.generationId).toBe(2)
  const committed = member.commit(offsets)
  await new Promise((resolve) => setImmediate(resolve))
  expect(broker.commits).toHaveLength(1)
  syncs.open()
  await committed
  expect(broker.commits.slice(1)).toEqual(['2: 0@5,1@5'])
})

test('commits go on under a generation whose assignment never came, while the member joins the next', async () => {
  const { broker, member } = await joined()
  const [joins, syncs] = [gate(), gate()]
  broker.syncs = syncs.opened
  broker.beat = REBALANCE
  await expect.poll(() => broker.generationId).toBe(2)
  broker.joins = joins.opened
  broker.sync = REBALANCE
  const committed = member.commit(offsets)
  await new Promise((resolve) => setImmediate(resolve))
  expect(broker.commits).toEqual([])
  syncs.open()
  await committed
  expect(broker.commits).toEqual(['2: 0@5,1@5'])
  expect(broker.generationId).toBe(2)
  joins.open()
})

test('commits wait for the assignment in an eager group, also while the member joins the next generation', async () => {
  const { broker, member } = await joined()
  const [joins, syncs] = [gate(), gate()]
  broker.protocol = 'roundrobin'
  broker.syncs = syncs.opened
  broker.beat = REBALANCE
  await expect.poll(() => broker.generationId).toBe(2)
  broker.joins = joins.opened
  broker.sync = REBALANCE
  broker.assigned = [1]
  const committed = member.commit(offsets)
  syncs.open()
  await expect.poll(() => broker.requests).toHaveLength(4)
  expect(broker.commits).toEqual([])
  joins.open()
  await committed
  expect(broker.commits).toEqual(['3: 1@5'])
})

test('a commit whose generation is over is sent again under the next, without the partitions that were given up', async () => {
  const { broker, member } = await joined()
  broker.commit = (generationId) => (generationId === 1 ? ILLEGAL_GENERATION : 0)
  const committed = member.commit(offsets)
  await expect.poll(() => broker.commits).toHaveLength(1)
  // In an eager rebalance other members have the partitions already.
  broker.protocol = 'roundrobin'
  broker.assigned = [1]
  broker.beat = REBALANCE
  await committed
  expect(broker.commits).toEqual(['1: 0@5,1@5', '2: 1@5'])
})

test('a commit of a partition that was lost and assigned again is dropped, as other members have read on', async () => {
  const { broker, member, events } = await joined()
  broker.commit = (generationId) => (generationId === 1 ? ILLEGAL_GENERATION : 0)
  const committed = member.commit(offsets)
  await expect.poll(() => broker.commits).toHaveLength(1)
  broker.beat = UNKNOWN_MEMBER
  await expect.poll(() => events).toEqual(['assigned 0,1', 'lost 0,1', 'assigned 0,1'])
  await committed
  expect(broker.commits).toEqual(['1: 0@5,1@5'])
})

test('a commit of a member that leaves ends without being sent again', async () => {
  const { broker, member } = await joined()
  broker.commit = () => ILLEGAL_GENERATION
  const committed = member.commit(offsets)
  await expect.poll(() => broker.commits).toHaveLength(1)
  await member.leave()
  await committed
  expect(broker.commits).toHaveLength(1)
})

test('a commit that is refused for another reason rejects, and names the partition', async () => {
  const { broker, member } = await joined()
  broker.commit = () => NOT_AUTHORIZED
  await expect(member.commit(offsets)).rejects.toMatchObject({
    message: expect.stringContaining('could not commit offsets of the group "g"') as string,
    topic: 't',
    partition: 0,
  })
})

test('commitIn adds all offsets to the transaction, under the generation of the member and with its name', async () => {
  const { member } = await joined({ transactionalId: 'tx', groupInstanceId: 'one' })
  const producer = sending()
  expect(await member.commitIn(producer, offsets.slice(0, 2))).toBe(true)
  expect(producer.sent).toEqual(['1 of me: 0@5{"owner":"tx"},1@5{"owner":"tx"}'])
  // One that is not owned: none.
  expect(await member.commitIn(producer, offsets)).toBe(false)
  await member.leave()
  expect(await member.commitIn(producer, offsets.slice(0, 1))).toBe(false)
  expect(producer.sent).toHaveLength(1)
})

test('offsets of a transaction whose generation is over are sent again under the next', async () => {
  const { broker, member } = await joined({ transactionalId: 'tx' })
  const producer = sending((generationId) => (generationId === 1 ? ILLEGAL_GENERATION : 0))
  const committed = member.commitIn(producer, offsets.slice(0, 2))
  await expect.poll(() => producer.sent).toHaveLength(1)
  broker.beat = REBALANCE
  expect(await committed).toBe(true)
  expect(producer.sent.map((one) => one.slice(0, 10))).toEqual(['1 of me: 0', '2 of me: 0'])
})

test('offsets of a partition that is being handed over are sent under the next generation', async () => {
  const { broker, member, listening } = await joined({ transactionalId: 'tx' })
  const producer = sending((generationId) => (generationId === 1 ? REBALANCE : 0))
  const committed = member.commitIn(producer, offsets.slice(0, 2))
  await expect.poll(() => producer.sent).toHaveLength(1)
  // The hand-over waits for the transaction.
  listening.revoked = async () => void (await committed)
  broker.assigned = [1]
  broker.beat = REBALANCE
  expect(await committed).toBe(true)
  expect(producer.sent[1]).toBe('2 of me: 0@5{"owner":"tx"},1@5{"owner":"tx"}')
})

test('offsets of a transaction are not sent again if one of the partitions went', async () => {
  const { broker, member } = await joined({ transactionalId: 'tx' })
  const producer = sending(() => REBALANCE)
  const committed = member.commitIn(producer, offsets.slice(0, 2))
  await expect.poll(() => producer.sent).toHaveLength(1)
  // In an eager rebalance other members have the partition already.
  broker.protocol = 'roundrobin'
  broker.assigned = [1]
  broker.beat = REBALANCE
  expect(await committed).toBe(false)
  expect(producer.sent).toHaveLength(1)
})

test('commitIn of a partition that was lost and assigned again resolves with false', async () => {
  const { broker, member, events } = await joined({ transactionalId: 'tx' })
  const producer = sending(() => UNKNOWN_MEMBER)
  const committed = member.commitIn(producer, offsets.slice(0, 2))
  await expect.poll(() => producer.sent).toHaveLength(1)
  broker.beat = UNKNOWN_MEMBER
  await expect.poll(() => events).toEqual(['assigned 0,1', 'lost 0,1', 'assigned 0,1'])
  expect(await committed).toBe(false)
  expect(producer.sent).toHaveLength(1)
})

test('commitIn does not wait for the assignment, as no other member gets the partitions before', async () => {
  const { broker, member } = await joined({ transactionalId: 'tx' })
  const producer = sending()
  const { opened, open } = gate()
  broker.syncs = opened
  broker.beat = REBALANCE
  await expect.poll(() => broker.generationId).toBe(2)
  expect(await member.commitIn(producer, offsets.slice(0, 2))).toBe(true)
  expect(producer.sent).toEqual(['2 of me: 0@5{"owner":"tx"},1@5{"owner":"tx"}'])
  // The assignment never comes: the next rebalance has begun.
  broker.sync = REBALANCE
  broker.syncs = gate().opened
  open()
  await expect.poll(() => broker.generationId).toBe(3)
  expect(await member.commitIn(producer, offsets.slice(0, 2))).toBe(true)
  expect(producer.sent.map((one) => one[0])).toEqual(['2', '3'])
})

test('commitIn waits for the assignment if the coordinator refuses offsets before', async () => {
  const { broker, member } = await joined({ transactionalId: 'tx' })
  let isCompleting = true
  const producer = sending(() => (isCompleting ? REBALANCE : 0))
  const { opened, open } = gate()
  broker.syncs = opened
  broker.beat = REBALANCE
  await expect.poll(() => broker.generationId).toBe(2)
  const committed = member.commitIn(producer, offsets.slice(0, 2))
  await expect.poll(() => producer.sent).toHaveLength(1)
  isCompleting = false
  open()
  expect(await committed).toBe(true)
  expect(producer.sent.map((one) => one[0])).toEqual(['2', '2'])
})

test('commitIn waits for the assignment in an eager group, where other members may have the partitions', async () => {
  const { broker, member } = await joined({ transactionalId: 'tx' })
  const producer = sending()
  const { opened, open } = gate()
  broker.protocol = 'roundrobin'
  broker.syncs = opened
  broker.beat = REBALANCE
  await expect.poll(() => broker.generationId).toBe(2)
  const committed = member.commitIn(producer, offsets.slice(0, 2))
  await new Promise((resolve) => setImmediate(resolve))
  expect(producer.sent).toEqual([])
  open()
  expect(await committed).toBe(true)
  expect(producer.sent.map((one) => one[0])).toEqual(['2'])
})

test('other errors of the producer reject commitIn', async () => {
  const { member } = await joined({ transactionalId: 'tx' })
  const aborted = new SnapstreamError('TRANSACTION_ABORTED', 'it took too long')
  const producer = { ...sending(), sendOffsets: () => Promise.reject(aborted) }
  await expect(member.commitIn(producer, offsets.slice(0, 1))).rejects.toBe(aborted)
})

test('a coordinator that refuses commits and accepts heartbeats ends the membership after a session', async () => {
  const { broker, member, events, errors } = await joined()
  broker.commit = (generationId) => (generationId === 1 ? ILLEGAL_GENERATION : 0)
  await member.commit(offsets)
  expect(broker.commits).toHaveLength(1)
  await expect.poll(() => events).toEqual(['assigned 0,1', 'lost 0,1', 'assigned 0,1'])
  expect(broker.requests.slice(2)).toEqual(['join anew with nothing', 'join me with nothing'])
  expect(errors).toMatchObject([{ message: expect.stringContaining('ILLEGAL_GENERATION') as string }])
})

/** A member with state, which writes down what it is told between its events. */
async function withState() {
  const all = joining({
    state: {
      describe: () => ({ endpoint: 'http://here', held: new Map([['t/0', 7]]), standbys: new Map([['t', 1]]) }),
      assigned({ owners, standby }) {
        const shown = [...owners].map(([key, { here }]) => `${key}${here ? ' here' : ''}`)
        all.events.push(`owners ${shown.join()}, follows ${numbers(standby)}`)
      },
    },
  })
  await expect.poll(() => all.events).toHaveLength(2)
  return all
}

test('the state is told after partitions are given up, and before new ones come; without a leader that knows of state, of its own', async () => {
  const { broker, events } = await withState()
  expect(events.splice(0)).toEqual(['owners t/0 here,t/1 here, follows ', 'assigned 0,1'])
  const owner = { here: true, endpoint: 'http://here', standbys: [] }
  broker.state = { owners: new Map([1, 2].map((n) => [`t/${n}`, owner])), standby: [at(0)] }
  broker.assigned = [1, 2]
  broker.beat = REBALANCE
  await expect.poll(() => events).toHaveLength(4)
  const told = 'owners t/1 here,t/2 here, follows 0'
  expect(events).toEqual(['revoked 0', told, 'assigned 2', told])
})

test('a member that is lost tells the state that no owner is known', async () => {
  const { broker, events } = await withState()
  events.splice(0)
  broker.beat = UNKNOWN_MEMBER
  await expect.poll(() => events).toHaveLength(4)
  expect(events).toEqual(['owners , follows ', 'lost 0,1', 'owners t/0 here,t/1 here, follows ', 'assigned 0,1'])
})

test('a member that asks for a new assignment joins once, with another subscription than before', async () => {
  const { broker, member } = await withState()
  expect(broker.rejoins).toEqual([0])
  for (let i = 0; i < 100; i++) member.rejoin()
  await expect.poll(() => broker.rejoins, { timeout: 5000 }).toEqual([0, 1])
  await expect.poll(() => broker.requests.at(-1)).toBe('join me with 0,1')
})

test('a member without state does not ask for another assignment', async () => {
  const { broker, member } = await joined()
  member.rejoin()
  broker.beat = REBALANCE
  await expect.poll(() => broker.generationId).toBe(2)
  expect(broker.rejoins).toEqual([undefined, undefined])
})
