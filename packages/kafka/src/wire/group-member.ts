import type { ErrorFields } from '@snapstream/core'
import type { ConsumerSettings, TopicPartition, TopicPartitionOffset } from '../driver/driver.ts'
import { partitionKey } from '../driver/partition-key.ts'
import type { Cluster } from './cluster.ts'
import type { Connection } from './connection.ts'
import { KAFKA } from './error-table.ts'
import { decodeAssignment } from './group-protocol.ts'
import { heartbeats } from './heartbeats.ts'
import { joinGroup } from './join-group.ts'
import { errorCodeOf, kafkaError, throwFor } from './kafka-error.ts'
import { pause } from './pause.ts'
import { persistently } from './persistently.ts'
import { watchPartitions } from './watch-partitions.ts'

export interface GroupMember {
  /** Commits what is this member's, under the generation it has now: the broker refuses it if that is over. */
  commit(offsets: readonly TopicPartitionOffset[]): Promise<void>
  /** Leaves the group, whatever it is doing. Never rejects. */
  leave(): Promise<void>
}

interface Generation {
  readonly id: number
  readonly memberId: string
  readonly partitions: readonly TopicPartition[]
  readonly leads: boolean
}

/** The answers that mean: this generation is over. */
const OVER = new Set<number | undefined>([
  KAFKA.UNKNOWN_MEMBER_ID,
  KAFKA.ILLEGAL_GENERATION,
  KAFKA.REBALANCE_IN_PROGRESS,
])
const LEAVE_PATIENCE_MS = 1000

/**
 * Membership in a consumer group. A static member (one with a `groupInstanceId`) keeps its partitions while it is away:
 * it does not say that it leaves, and ends with `FENCED` when another takes its name.
 */
export function groupMember(options: {
  readonly cluster: Cluster
  readonly groupId: string
  readonly topics: ReadonlySet<string>
  readonly settings: ConsumerSettings
  readonly patienceMs: number
  readonly assigned: (partitions: readonly TopicPartition[]) => Promise<void>
  readonly revoked: (partitions: readonly TopicPartition[], reason: 'revoked' | 'lost') => Promise<void>
  readonly onError: (error: unknown) => void
}): GroupMember {
  const { cluster, groupId, topics, settings, patienceMs, assigned, revoked, onError } = options
  const { groupInstanceId } = settings
  let memberId = ''
  let coordinator: number | undefined
  let current: Generation | undefined
  let open = true
  let joining = false
  let close = () => {}
  const closed = new Promise<'closed'>((resolve) => {
    close = () => {
      open = false
      resolve('closed')
    }
  })
  let know = () => {}
  const known = new Promise<void>((resolve) => {
    know = resolve
  })

  async function findCoordinator(): Promise<number> {
    coordinator = await cluster.findCoordinator(groupId)
    return coordinator
  }

  const toCoordinator = async (): Promise<Connection> => cluster.node(coordinator ?? (await findCoordinator()))

  const repair = async () => {
    await cluster.topics.refresh()
    await findCoordinator()
  }

  async function joinOnce(): Promise<Generation> {
    // A join may have to wait for all other members: leaving, above all, must not wait behind it.
    const connection = await cluster.node(await findCoordinator(), 'join')
    if (!open) throw new Error('closed')
    const joined = await joinGroup(cluster, connection, {
      groupId,
      topics,
      settings,
      memberId: () => memberId,
      onMemberId(id) {
        memberId = id
        know()
      },
    })
    return { id: joined.generationId, memberId, partitions: decodeAssignment(joined.assignment), leads: joined.leads }
  }

  async function join(): Promise<Generation> {
    for (;;) {
      try {
        return await persistently(joinOnce, { patienceMs, repair: () => cluster.topics.refresh(), closed })
      } catch (error) {
        const errorCode = errorCodeOf(error)
        if (!open || !OVER.has(errorCode)) throw error
        // A rebalance on top of another: the same member joins again. All else: as a new one.
        if (errorCode !== KAFKA.REBALANCE_IN_PROGRESS) memberId = ''
      }
    }
  }

  async function run(): Promise<void> {
    while (open) {
      joining = true
      const generation = await join()
      joining = false
      if (!open) return
      current = generation
      const heart = heartbeats({
        beat: async () => {
          const { id: generationId, memberId } = generation
          throwFor(await (await toCoordinator()).heartbeat({ groupId, memberId, groupInstanceId, generationId }))
        },
        repair,
        renew: () => cluster.renew(),
        intervalMs: settings.heartbeatIntervalMs,
        sessionTimeoutMs: settings.sessionTimeoutMs,
        onError: (error) => onError(memberError(error, 'stay in')),
      })
      const { metadataMaxAgeMs } = settings
      const unwatch = generation.leads
        ? watchPartitions(cluster.topics, topics, heart.rejoin, onError, metadataMaxAgeMs)
        : () => {}
      const rest = () => {
        heart.stop()
        unwatch()
      }
      // Also while somebody is still being told of the assignment.
      void closed.then(rest)
      try {
        await assigned(generation.partitions)
        const reason = await Promise.race([heart.ended, closed])
        if (reason === 'closed') return
        await handOver(generation, reason, heart.lost)
      } finally {
        current = undefined
        rest()
      }
    }
  }

  /** Settles when everything that was begun for the partitions is over. */
  async function handOver(generation: Generation, reason: 'revoked' | 'lost', lost: Promise<void>): Promise<void> {
    const { partitions } = generation
    if (reason === 'lost') current = undefined
    const handover = revoked(partitions, reason)
    if (reason === 'revoked') {
      const outcome = await Promise.race([handover, lost.then(() => 'lost' as const), closed])
      if (outcome === 'closed') return
      if (outcome === 'lost') {
        current = undefined
        await Promise.race([Promise.all([handover, revoked(partitions, 'lost')]), closed])
      }
    } else await Promise.race([handover, closed])
  }

  async function commit(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    const generation = current
    if (!generation || !open) return
    const owned = new Set(generation.partitions.map(partitionKey))
    const mine = offsets.filter((at) => owned.has(partitionKey(at)))
    if (mine.length === 0) return
    const { id: generationId, memberId } = generation
    const request = { groupId, memberId, groupInstanceId, generationId, offsets: mine }
    /** Which of them the broker does not take. */
    let refused: TopicPartition | undefined
    const commitOnce = async () => {
      refused = undefined
      const answers = await (await toCoordinator()).offsetCommit(request)
      refused = answers.find(({ errorCode }) => errorCode !== 0)
      answers.forEach(throwFor)
    }
    try {
      await persistently(commitOnce, { patienceMs, repair, closed })
    } catch (error) {
      if (OVER.has(errorCodeOf(error)) || !open) return
      throw memberError(error, 'commit offsets of', refused && { topic: refused.topic, partition: refused.partition })
    }
  }

  const memberError = (error: unknown, doing: string, fields?: ErrorFields): unknown => {
    // What `assigned` and `revoked` threw is not of the group.
    if (errorCodeOf(error) === undefined) return error
    const name = groupInstanceId === undefined ? '' : ` as ${JSON.stringify(groupInstanceId)}`
    return kafkaError(error, `${doing} the group ${JSON.stringify(groupId)}${name}`, fields)
  }

  async function leave(): Promise<void> {
    if (!open) return
    close()
    // It keeps its partitions until its session is over, for when it comes back.
    if (groupInstanceId !== undefined) return
    // A member whose id is still on its way would keep the group waiting until its session is over.
    if (joining && memberId === '') await pause(LEAVE_PATIENCE_MS, known)
    if (memberId === '') return
    const leaving = toCoordinator().then((broker) => broker.leaveGroup({ groupId, memberId, groupInstanceId }))
    await pause(
      LEAVE_PATIENCE_MS,
      leaving.catch(() => {}),
    )
  }

  run()
    .catch((error: unknown) => {
      if (open) onError(memberError(error, 'join'))
    })
    .finally(know)
  return { commit, leave }
}
