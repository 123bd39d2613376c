import { createCondition, sleep, withTimeout } from '@snapstream/core/adapter'
import type {
  ConsumerSettings,
  TopicPartition,
  TopicPartitionOffset,
  TransactionalProducer,
} from '../../driver/driver.ts'
import { ownerMetadata } from '../../driver/partition-owner.ts'
import { stateMember } from '../../driver/state-member.ts'
import { partitionKey } from '../../driver/topic-partition.ts'
import { createRetries } from '../backoff.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { watchPartitions } from '../cluster/metadata.ts'
import type { GroupGeneration } from '../protocol/connection.ts'
import { KAFKA } from '../errors/error-table.ts'
import { errorCodeOf, kafkaError, protocolError } from '../errors/kafka-error.ts'
import { retry } from '../errors/retry.ts'
import { assignAll, splitTorn } from './assignor.ts'
import { memberCommits } from './commits.ts'
import type { Assignment } from './consumer-protocol.ts'
import {
  commitOffsets,
  expectJoined,
  groupCoordinator,
  isGenerationOver,
  joinGroup,
  leaveGroup,
  syncGroup,
} from './coordinator.ts'
import type { CommitRefusal, Joined } from './coordinator.ts'
import { heartbeats } from './heartbeats.ts'
import { isJoining, unjoinedMember } from './member-state.ts'
import type { MemberEvent } from './member-state.ts'
import { ownedPartitions } from './owned-partitions.ts'
import type { RebalanceListener } from './owned-partitions.ts'

/** The membership of a consumer in a group. */
export interface GroupMember {
  /**
   * Commits offsets of partitions that this member owns, and leaves out the others. It waits while the coordinator takes no
   * commits in a rebalance, and where other members may have got the partitions already.
   *
   * @param owner the owner of the partitions afterwards, if offsets are committed in transactions; default: this member
   */
  commit(offsets: readonly TopicPartitionOffset[], owner?: string): Promise<void>
  /** See `commitIn` of `DriverConsumer`. */
  commitIn(producer: TransactionalProducer, offsets: readonly TopicPartitionOffset[]): Promise<boolean>
  /** See `rejoin` of `DriverConsumer`. */
  rejoin(): void
  /** Leaves the group, whatever phase the member is in. Never rejects. */
  leave(): Promise<void>
  /** Resolves with the error if the member cannot go on. The caller still has to call `leave`. */
  readonly failed: Promise<unknown>
}

/** The outcome of a join. */
interface NewAssignment extends Assignment, Pick<Joined, 'leads' | 'cooperative'> {
  readonly generation: GroupGeneration
}

/** How often in a row a member may hand over partitions before it pauses. */
const MAX_QUICK_ROUNDS = 4
const LONGEST_PAUSE_MS = 1000
/** How long a member that leaves waits for the answer with its id, in ms. */
const JOIN_PATIENCE_MS = 1000

/**
 * Membership in a consumer group, as one state machine: only `transition` changes its state. In a rebalance the member keeps
 * its partitions and reads on until it learns which of them other members get. It hands those over, and joins once more so
 * that the leader can assign them. In a group with members that know only eager rebalances, it hands over all partitions
 * first, as they do.
 *
 * A static member (one with a `groupInstanceId`) keeps its partitions while it is away: it does not tell the group that it
 * leaves, and ends with `FENCED` when another member takes its name.
 */
export function groupMember(options: {
  readonly cluster: Cluster
  readonly groupId: string
  readonly topics: ReadonlySet<string>
  readonly settings: ConsumerSettings
  /** How long retriable errors are retried, in ms. */
  readonly patienceMs: number
  readonly listener: RebalanceListener
  /** Called with each error that is retried. */
  readonly onTrouble: (error: unknown) => void
}): GroupMember {
  const { cluster, groupId, topics, settings, patienceMs, listener, onTrouble } = options
  const { groupInstanceId, transactionalId, copartitioned = [] } = settings
  const coordinator = groupCoordinator(cluster, groupId)
  const leaving = new AbortController()
  const { signal } = leaving
  /** Woken at every transition. */
  const changes = createCondition()
  const owned = ownedPartitions({ listener, changes, signal })
  const member = unjoinedMember()
  const state = stateMember({ state: settings.state, rejoin: () => transition({ type: 'rebalance' }) })
  let fail: (error: unknown) => void = () => {}
  const failed = new Promise<unknown>((resolve) => (fail = resolve))

  function transition(event: MemberEvent): void {
    // The answer to a join in progress may bring the id that LeaveGroup needs.
    if (member.phase === 'leaving' && event.type !== 'identified') return
    switch (event.type) {
      case 'join':
        member.phase = 'preparing-rebalance'
        member.stopWatching()
        break
      case 'identified':
        member.memberId = event.memberId
        break
      case 'joined':
        member.phase = 'completing-rebalance'
        member.generation = event.generation
        member.isCooperative = event.cooperative
        member.isAssigned = false
        break
      case 'synced':
        member.phase = 'stable'
        member.generation = event.generation
        member.isAssigned = true
        member.isRejoinNeeded = false
        if (member.heart === undefined) void keepAlive((member.heart = new AbortController()))
        if (event.leads) member.stopWatching = watch()
        break
      case 'rebalance':
        member.isRejoinNeeded = true
        break
      case 'lost':
        member.phase = 'unjoined'
        if (event.forget) member.memberId = ''
        member.generation = undefined
        member.isAssigned = false
        stopTimers()
        owned.lose()
        state.lost()
        break
      case 'leave':
        member.phase = 'leaving'
        stopTimers()
        leaving.abort()
        break
    }
    changes.notify()
  }

  function stopTimers(): void {
    member.heart?.abort()
    member.heart = undefined
    member.stopWatching()
    state.stop()
  }

  const identity = () => ({ groupId, memberId: member.memberId, groupInstanceId })
  const trouble = (error: unknown) => onTrouble(memberError(error, 'be a member of'))
  const refresh = () => cluster.metadata.refresh()
  const repair = () => refresh().then(coordinator.find)

  // ---- rebalances, one after another ------------------------------------------------------------------------------

  async function run(): Promise<void> {
    let rounds = 0
    while (!signal.aborted) {
      const assignment = await join()
      // If all partitions were lost meanwhile, the listener has to know before it is assigned new ones.
      await owned.toldOfLoss()
      if (signal.aborted) return
      transition({ type: 'synced', ...assignment })
      // The leader can assign the partitions that were handed over once all members have joined again.
      if (await reconcile(assignment)) await pace(++rounds)
      else {
        rounds = 0
        await changes.until(() => member.isRejoinNeeded || owned.isLost || signal.aborted)
      }
      await owned.toldOfLoss()
      if (!assignment.cooperative) await handOver(owned.all(), 'revoked')
    }
  }

  /** Joins until the coordinator accepts the member. A member that the coordinator does not know joins as a new one. */
  async function join(): Promise<NewAssignment> {
    const pacing = createRetries({ patienceMs, signal, onTrouble: trouble })
    for (;;) {
      try {
        return await retry(joinOnce, { patienceMs, repair: refresh, signal, onTrouble: trouble })
      } catch (error) {
        if (signal.aborted || !isGenerationOver(error)) throw error
        // Another rebalance has begun: the same member joins again, with its partitions.
        if (errorCodeOf(error) !== KAFKA.REBALANCE_IN_PROGRESS) {
          transition({ type: 'lost', forget: true })
          await owned.toldOfLoss()
        }
        await pacing.again(error)
      }
    }
  }

  async function joinOnce(): Promise<NewAssignment> {
    transition({ type: 'join' })
    await coordinator.find()
    // A join may wait for all other members. Other requests, above all LeaveGroup, must not wait behind it.
    const connection = await coordinator.connection('join')
    if (signal.aborted) throw new Error('closed')
    const subscription = {
      topics,
      owned: owned.all(),
      generationId: member.generation?.generationId ?? -1,
      copartitioned,
      state: state.describe(),
    }
    const ask = async () => {
      const answer = await joinGroup(connection, identity(), subscription, settings)
      if (answer.memberId !== '') transition({ type: 'identified', memberId: answer.memberId })
      return answer
    }
    let answer = await ask()
    if (answer.errorCode === KAFKA.MEMBER_ID_REQUIRED && member.memberId !== '') answer = await ask()
    const { generationId, leads, cooperative, members } = expectJoined(answer)
    const generation = { ...identity(), generationId }
    transition({ type: 'joined', generation, cooperative })
    if (leads) await refresh()
    const assignments = leads ? await assignAll(cluster, members) : []
    const { partitions, ...rest } = await syncGroup(connection, generation, assignments, topics)
    const { whole, torn } = splitTorn(groupId, copartitioned, partitions)
    if (torn !== undefined) trouble(torn)
    return { generation, leads, cooperative, partitions: whole, ...rest }
  }

  /** Hands over and takes partitions until the member owns its assignment. Returns whether it handed any over. */
  async function reconcile({ partitions, more, cooperative, state: followed }: NewAssignment): Promise<boolean> {
    const assigned = new Set(partitions.map(partitionKey))
    const gone = owned.all().filter((at) => !assigned.has(partitionKey(at)))
    // In an eager rebalance no member waits for a hand-over: others may have the partitions already.
    await handOver(gone, cooperative ? 'revoked' : 'lost')
    const added = partitions.filter((at) => !owned.has(at))
    if (!signal.aborted && !owned.isLost) state.assigned(partitions, followed)
    if (!signal.aborted && !owned.isLost && (added.length > 0 || (partitions.length === 0 && !more)))
      await owned.assign(added)
    return gone.length > 0
  }

  async function handOver(partitions: readonly TopicPartition[], reason: 'revoked' | 'lost'): Promise<void> {
    if (await owned.revoke(partitions, reason, settings.rebalanceTimeoutMs)) return
    // Other members wait for this one. A broker would remove a member that does not answer a rebalance in time, too.
    await leaveGroup(coordinator, identity())
    transition({ type: 'lost', forget: true })
  }

  /** Pauses if the group moves partitions again and again. `rounds`: how often in a row. */
  async function pace(rounds: number): Promise<void> {
    if (rounds <= MAX_QUICK_ROUNDS) return
    trouble(protocolError(KAFKA.REBALANCE_IN_PROGRESS, 'partitions are given away again and again'))
    await sleep(Math.min(100 * 2 ** (rounds - MAX_QUICK_ROUNDS), LONGEST_PAUSE_MS), signal)
  }

  // ---- commits, leaving and errors --------------------------------------------------------------------------------

  async function keepAlive(heart: AbortController): Promise<void> {
    const renew = () => cluster.renew()
    const beats = heartbeats({ coordinator, member, settings, renew, signal: heart.signal })
    try {
      for await (const event of beats) {
        if (event.type !== 'rebalance' && event.error !== undefined) trouble(event.error)
        if (event.type === 'unreachable') await repair().catch(() => {})
        else transition(event.type === 'lost' ? { type: 'lost', forget: false } : event)
      }
    } catch (error) {
      fail(memberError(error, 'stay in'))
    }
  }

  const watch = () =>
    watchPartitions(cluster.metadata, {
      topics,
      maxAgeMs: settings.metadataMaxAgeMs,
      onChange: () => transition({ type: 'rebalance' }),
      onError: fail,
    })

  const commits = memberCommits({
    member,
    owned,
    changes,
    signal,
    sessionTimeoutMs: settings.sessionTimeoutMs,
    lose(refusal) {
      trouble(refusal)
      transition({ type: 'lost', forget: true })
    },
  })

  const nameCommit = (error: unknown) => {
    throw memberError(error, 'commit offsets of')
  }

  async function leave(): Promise<void> {
    if (signal.aborted) return
    const wasJoining = isJoining(member)
    transition({ type: 'leave' })
    // A static member keeps its partitions until its session is over, for when it comes back.
    if (groupInstanceId !== undefined) return
    // Without LeaveGroup the group would wait for this member until its session is over, so wait for its id first.
    if (wasJoining) {
      const known = Promise.race([running, changes.until(() => member.memberId !== '')])
      await withTimeout(known, { ms: JOIN_PATIENCE_MS, late: () => {} })
    }
    await leaveGroup(coordinator, identity())
  }

  /** Names the group in an answer of a broker. An error of `assigned` or `revoked` stays as it is. */
  function memberError(error: unknown, doing: string): unknown {
    if (errorCodeOf(error) === undefined) return error
    const { at = {} } = error as Partial<CommitRefusal>
    const name = groupInstanceId === undefined ? '' : ` as ${JSON.stringify(groupInstanceId)}`
    return kafkaError(error, `${doing} the group ${JSON.stringify(groupId)}${name}`, at)
  }

  const running = run()
    .catch((error: unknown) => {
      if (!signal.aborted) fail(memberError(error, 'join'))
    })
    .finally(stopTimers)

  return {
    async commit(offsets, owner = transactionalId) {
      const send = (generation: GroupGeneration, mine: readonly TopicPartitionOffset[]) =>
        retry(() => commitOffsets(coordinator, generation, mine, owner), {
          patienceMs,
          repair,
          signal,
          onTrouble: trouble,
        })
      await commits.send(offsets, send).catch(nameCommit)
    },
    async commitIn(producer, offsets) {
      const metadata = ownerMetadata(transactionalId ?? '')
      const owned = offsets.map((at) => ({ ...at, metadata }))
      return commits
        .send(owned, (generation, all) => producer.sendOffsets(generation, all), 'in a transaction')
        .catch(nameCommit)
    },
    rejoin: state.ask,
    leave,
    failed,
  }
}
