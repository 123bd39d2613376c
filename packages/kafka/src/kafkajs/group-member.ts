import type { ConsumerSettings, TopicPartition, TopicPartitionOffset } from '../driver/driver.ts'
import { partitionKey } from '../driver/partition-key.ts'
import { groupBy } from '../driver/group-by.ts'
import { refreshTopics } from './cluster-topics.ts'
import { groupProtocols, readAssignment, shareOut } from './group-protocol.ts'
import { heartbeats } from './heartbeats.ts'
import type { JoinedGroup, KafkaBroker, KafkaCluster } from './internals.ts'
import { kafkaError, kindOf } from './kafkajs-error.ts'
import { pause } from './pause.ts'
import { persistently } from './persistently.ts'
import { withAnswers } from './raw-answer.ts'
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
const OVER = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS', 'FENCED_INSTANCE_ID'])
const LEAVE_PATIENCE_MS = 1000

/**
 * Membership in a consumer group. It speaks Kafka's group protocol with the requests of KafkaJS, not through KafkaJS's
 * consumer: there the heartbeat and the rejoin hang on handing out batches, and a commit takes the generation that
 * happens to be current.
 */
export function groupMember(options: {
  readonly cluster: KafkaCluster
  readonly groupId: string
  readonly topics: ReadonlySet<string>
  readonly settings: ConsumerSettings
  readonly patienceMs: number
  readonly assigned: (partitions: readonly TopicPartition[]) => Promise<void>
  readonly revoked: (partitions: readonly TopicPartition[], reason: 'revoked' | 'lost') => Promise<void>
  readonly onError: (error: unknown) => void
  /** Runs something with a connection of its own. */
  readonly elsewhere: (run: (cluster: KafkaCluster) => Promise<unknown>) => Promise<unknown>
}): GroupMember {
  const { cluster, groupId, topics, settings, patienceMs, assigned, revoked, onError, elsewhere } = options
  let memberId = ''
  let coordinator: KafkaBroker | undefined
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

  async function findCoordinator(): Promise<KafkaBroker> {
    coordinator = await cluster.findGroupCoordinator({ groupId })
    return coordinator
  }

  const repair = async () => {
    await refreshTopics(cluster)
    await findCoordinator()
  }

  async function joinOnce(): Promise<Generation> {
    const broker = await findCoordinator()
    if (!open) throw new Error('closed')
    // The first answer to a new member is its id and an error; KafkaJS asks again with it and does not tell.
    const telling = withAnswers(broker, (answer) => {
      memberId = (answer as Partial<JoinedGroup>).memberId || memberId
      know()
    })
    const joined = await telling.joinGroup({
      groupId,
      memberId,
      sessionTimeout: settings.sessionTimeoutMs,
      rebalanceTimeout: settings.rebalanceTimeoutMs,
      groupProtocols: groupProtocols(topics),
    })
    const leads = joined.leaderId === joined.memberId
    if (leads) await refreshTopics(cluster)
    const { memberAssignment } = await broker.syncGroup({
      groupId,
      memberId,
      generationId: joined.generationId,
      groupAssignment: leads ? await shareOut(cluster, broker, joined.members) : [],
    })
    return { id: joined.generationId, memberId, partitions: readAssignment(memberAssignment), leads }
  }

  async function join(): Promise<Generation> {
    for (;;) {
      try {
        return await persistently(joinOnce, { patienceMs, repair: () => refreshTopics(cluster), closed })
      } catch (error) {
        if (!open || !OVER.has(kindOf(error))) throw error
        // A rebalance on top of another: the same member joins again. All else: as a new one.
        if (kindOf(error) !== 'REBALANCE_IN_PROGRESS') memberId = ''
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
        beat: async () =>
          (coordinator ?? (await findCoordinator())).heartbeat({
            groupId,
            memberId: generation.memberId,
            groupGenerationId: generation.id,
          }),
        repair,
        intervalMs: settings.heartbeatIntervalMs,
        sessionTimeoutMs: settings.sessionTimeoutMs,
        onError,
      })
      const unwatch = generation.leads ? watchPartitions(cluster, topics, heart.rejoin, onError) : () => {}
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
    const request = {
      groupId,
      memberId: generation.memberId,
      groupGenerationId: generation.id,
      topics: [...groupBy(mine, ({ topic }) => topic)].map(([topic, of]) => ({
        topic,
        partitions: of.map(({ partition, offset }) => ({ partition, offset: String(offset) })),
      })),
    }
    try {
      await persistently(async () => (coordinator ?? (await findCoordinator())).offsetCommit(request), {
        patienceMs,
        repair,
        closed,
      })
    } catch (error) {
      if (OVER.has(kindOf(error)) || !open) return
      throw kafkaError(error, `commit offsets of the group ${JSON.stringify(groupId)}`)
    }
  }

  async function leave(): Promise<void> {
    if (!open) return
    close()
    // A member whose id is still on its way would keep the group waiting until its session is over.
    if (joining && memberId === '') await pause(LEAVE_PATIENCE_MS, known)
    if (memberId === '') return
    const request = { groupId, memberId }
    // The broker answers the requests of a connection in order, and a join may have to wait for all other members.
    const leaving = joining
      ? elsewhere(async (other) => (await other.findGroupCoordinator({ groupId })).leaveGroup(request))
      : coordinator?.leaveGroup(request)
    await pause(
      LEAVE_PATIENCE_MS,
      leaving?.catch(() => {}),
    )
  }

  run()
    .catch((error: unknown) => {
      if (open) onError(error)
    })
    .finally(know)
  return { commit, leave }
}
