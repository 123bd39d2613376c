import { SnapstreamError } from '@snapstream/core'
import type { ErrorFields } from '@snapstream/core'
import { tornApart } from '../../driver/copartitioned.ts'
import type { ConsumerSettings, TopicPartition, TopicPartitionOffset } from '../../driver/driver.ts'
import { partitionKey } from '../../driver/partition-key.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { backoff } from '../backoff.ts'
import { coordinatorOf } from './coordinator.ts'
import type { Generation } from './coordinator.ts'
import { KAFKA } from '../errors/error-table.ts'
import { heartbeats } from './heartbeats.ts'
import { joinGroup } from './join-group.ts'
import type { Joined } from './join-group.ts'
import { errorCodeOf, kafkaError, protocolError } from '../errors/kafka-error.ts'
import { isGenerationOver, memberCommits } from './member-commits.ts'
import { memberPartitions } from './owned-partitions.ts'
import { pause } from '../sleep.ts'
import { retry } from '../errors/retry.ts'
import { wakeUps } from '../wake-ups.ts'
import { watchPartitions } from '../cluster/metadata.ts'
import { within } from '../with-timeout.ts'

export interface GroupMember {
  /**
   * Commits what is this member's. In a rebalance that waits until it is known what stays this member's; the rest is left
   * out.
   */
  commit(offsets: readonly TopicPartitionOffset[]): Promise<void>
  /** Leaves the group, whatever it is doing. Never rejects. */
  leave(): Promise<void>
}

/** How often in a row a member may hand over partitions before it takes its time. */
const MAX_QUICK_ROUNDS = 4
const LONGEST_PAUSE_MS = 1000
/** How long a member that leaves waits for the answer that tells it who it is, in ms. */
const JOIN_PATIENCE_MS = 1000

/**
 * Membership in a consumer group. In a rebalance it keeps what it has, and reads on, until it learns what others get: that
 * it hands over, and joins once more so that they are given it. In a group with members that know only of eager
 * rebalances it hands over everything first, as they do.
 *
 * A static member (one with a `groupInstanceId`) keeps its partitions while it is away: it does not say that it leaves, and
 * ends with `FENCED` when another takes its name.
 */
export function groupMember(options: {
  readonly cluster: Cluster
  readonly groupId: string
  readonly topics: ReadonlySet<string>
  readonly settings: ConsumerSettings
  readonly patienceMs: number
  /** Told of what it gets beside what it has; of nothing where a rebalance left it with nothing. */
  readonly assigned: (partitions: readonly TopicPartition[]) => Promise<void>
  readonly revoked: (partitions: readonly TopicPartition[], reason: 'revoked' | 'lost') => Promise<void>
  readonly onTrouble: (error: unknown) => void
  readonly onError: (error: unknown) => void
}): GroupMember {
  const { cluster, groupId, topics, settings, patienceMs, assigned, revoked, onError } = options
  const onTrouble = (error: unknown) => options.onTrouble(memberError(error, 'be a member of'))
  const { groupInstanceId, copartitioned = [] } = settings
  const coordinator = coordinatorOf(cluster, groupId, groupInstanceId)
  let memberId = ''
  /** The latest that has begun, for heartbeats. */
  let latest: Generation = { id: -1, memberId: '' }
  /** The same once it is known what this member has in it, and while it lasts: what is committed goes under it. */
  let settled: Generation | undefined
  let stopHeart: (() => void) | undefined
  let unwatch = () => {}
  const leaving = new AbortController()
  const { signal } = leaving
  let joining = false
  /** How often in a row it has handed over something and joined again. */
  let rounds = 0
  /** The group wants its members to join again. */
  let asked = false
  const changes = wakeUps()
  const pacing = backoff({ patienceMs, signal, onTrouble })
  let know = () => {}
  const known = new Promise<void>((resolve) => (know = resolve))

  const partitions = memberPartitions({
    assigned,
    revoked,
    lateMs: settings.rebalanceTimeoutMs,
    // As a broker does with a member that does not answer a rebalance in time: others wait for it.
    async onLate() {
      await coordinator.leave(memberId)
      memberId = ''
      lose()
    },
    changes,
    signal,
  })

  const refresh = () => cluster.metadata.refresh()
  const repair = () => refresh().then(coordinator.find)

  async function joinOnce(): Promise<Joined> {
    await coordinator.find()
    // A join may have to wait for all other members: leaving, above all, must not wait behind it.
    const connection = await coordinator.connection('join')
    if (signal.aborted) throw new Error('closed')
    return joinGroup(cluster, connection, {
      groupId,
      subscription: { topics, owned: partitions.all(), generationId: latest.id, copartitioned },
      settings,
      memberId: () => memberId,
      onMemberId(id) {
        memberId = id
        know()
      },
      onGeneration(id) {
        settled = undefined
        latest = { id, memberId }
      },
    })
  }

  async function join(): Promise<Joined> {
    joining = true
    for (;;) {
      try {
        const joined = await retry(joinOnce, { patienceMs, repair: refresh, signal, onTrouble })
        joining = false
        return joined
      } catch (error) {
        if (signal.aborted || !isGenerationOver(error)) throw error
        // A rebalance on top of another: the same member joins again. All else: as a new one, that has nothing.
        if (errorCodeOf(error) !== KAFKA.REBALANCE_IN_PROGRESS) {
          memberId = ''
          lose()
          await partitions.toldOfLoss()
        }
        await pacing.again(error)
      }
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const { partitions: shared, more, leads, cooperative } = await join()
      const torn = tornApart(copartitioned, shared)
      // Others do not read it either: it waits until somebody leads who keeps it together.
      const given = shared.filter((at) => !torn.includes(at))
      if (torn.length > 0) onTrouble(leaderTears(groupId, torn))
      // What it had may have been lost meanwhile; then it gets all this anew.
      await partitions.toldOfLoss()
      if (signal.aborted) return
      settled = latest
      asked = false
      pacing.reset()
      changes.wake()
      stopHeart ??= startHeart()
      unwatch = leads
        ? watchPartitions(cluster.metadata, {
            topics,
            maxAgeMs: settings.metadataMaxAgeMs,
            onChange: askAgain,
            onError,
          })
        : () => {}
      const keys = new Set(given.map(partitionKey))
      const gone = partitions.all().filter((at) => !keys.has(partitionKey(at)))
      // Others do not wait for it if it was an eager rebalance: they may have it already.
      await partitions.handOver(gone, cooperative ? 'revoked' : 'lost')
      const added = given.filter((at) => !partitions.has(at))
      if (!signal.aborted && !partitions.isLost() && (added.length > 0 || (given.length === 0 && !more)))
        await partitions.take(added)
      // What was handed over is given to others when all have joined again.
      if (gone.length > 0) await settle()
      else {
        rounds = 0
        await changes.until(() => asked || partitions.isLost() || signal.aborted)
      }
      await partitions.toldOfLoss()
      if (!cooperative) await partitions.handOver(partitions.all(), 'revoked')
      unwatch()
    }
  }

  /** A rebalance takes two rounds. A group that goes on giving away what it has just given is not asked again at once. */
  async function settle(): Promise<void> {
    if (++rounds <= MAX_QUICK_ROUNDS) return
    onTrouble(protocolError(KAFKA.REBALANCE_IN_PROGRESS, 'partitions are given away again and again'))
    await pause(Math.min(100 * 2 ** (rounds - MAX_QUICK_ROUNDS), LONGEST_PAUSE_MS), signal)
  }

  function startHeart(): () => void {
    return heartbeats({
      async beat() {
        const generation = latest
        try {
          await coordinator.heartbeat(generation)
        } catch (error) {
          // What is said of a generation that is over by now is no news.
          if (generation === latest) throw error
        }
      },
      joining: () => joining,
      repair,
      renew: () => cluster.renew(),
      intervalMs: settings.heartbeatIntervalMs,
      sessionTimeoutMs: settings.sessionTimeoutMs,
      onRebalance: askAgain,
      onLost: lose,
      onTrouble,
      onError: (error) => onError(memberError(error, 'stay in')),
    })
  }

  function askAgain(): void {
    asked = true
    changes.wake()
  }

  function lose(): void {
    rest()
    settled = undefined
    partitions.lose()
  }

  /** Nothing is sent or asked any more. */
  function rest(): void {
    stopHeart?.()
    stopHeart = undefined
    unwatch()
  }

  /** Of a commit that failed, what the coordinator did not take. */
  let refused: TopicPartition | undefined
  const commit = memberCommits<Generation>({
    owned: partitions,
    changes,
    settled: () => settled,
    open: () => !signal.aborted,
    stuckMs: settings.sessionTimeoutMs,
    // Its heartbeats are taken and its commits are not: only a membership of its own can be right again.
    onStuck(error) {
      if (joining) return
      onTrouble(error)
      memberId = ''
      lose()
    },
    async send(generation, offsets) {
      refused = undefined
      const send = () => coordinator.commit(generation, offsets, (at) => (refused = at))
      await retry(send, { patienceMs, repair, signal, onTrouble })
    },
  })

  const memberError = (error: unknown, doing: string, fields?: ErrorFields): unknown => {
    // What `assigned` and `revoked` threw is not of the group.
    if (errorCodeOf(error) === undefined) return error
    const name = groupInstanceId === undefined ? '' : ` as ${JSON.stringify(groupInstanceId)}`
    return kafkaError(error, `${doing} the group ${JSON.stringify(groupId)}${name}`, fields)
  }

  async function leave(): Promise<void> {
    if (signal.aborted) return
    leaving.abort()
    rest()
    changes.wake()
    // It keeps its partitions until its session is over, for when it comes back.
    if (groupInstanceId !== undefined) return
    // A member whose id is still on its way would keep the group waiting until its session is over.
    if (joining && memberId === '') await within(JOIN_PATIENCE_MS, known)
    await coordinator.leave(memberId)
  }

  run()
    .catch((error: unknown) => {
      if (!signal.aborted) onError(memberError(error, 'join'))
    })
    .finally(() => {
      rest()
      know()
    })
  return {
    async commit(offsets) {
      await commit(offsets).catch((error: unknown) => {
        throw memberError(error, 'commit offsets of', refused)
      })
    },
    leave,
  }
}

function leaderTears(groupId: string, torn: readonly TopicPartition[]): SnapstreamError {
  const names = torn.map(({ topic, partition }) => `${topic}/${partition}`).join(', ')
  return new SnapstreamError(
    'KAFKA_FAILED',
    `the leader of the group ${JSON.stringify(groupId)} does not keep co-partitioned topics together: ${names} came without ` +
      'what goes with it, and waits; it goes on when all members of the group run a Snapstream that knows copartitionedWith',
  )
}
