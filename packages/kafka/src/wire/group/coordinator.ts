import { describe } from '@snapstream/core'
import { withTimeout } from '@snapstream/core/adapter'
import type { ConsumerSettings, TopicPartition, TopicPartitionOffset } from '../../driver/driver.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Purpose } from '../cluster/node-connections.ts'
import type {
  Answer,
  Connection,
  GroupGeneration,
  GroupIdentity,
  JoinedGroup,
  MemberAssignment,
} from '../protocol/connection.ts'
import { KAFKA } from '../errors/error-table.ts'
import { errorCodeOf, expectPartitions, oddAnswer, protocolError, throwFor } from '../errors/kafka-error.ts'
import type { KafkaError } from '../errors/kafka-error.ts'
import { decodeAssignment, encodeSubscription } from './consumer-protocol.ts'
import type { Assignment, Subscription } from './consumer-protocol.ts'

/** Members keep what they own while they join. Clients of other languages know it by this name. */
const COOPERATIVE = 'cooperative-sticky'
/**
 * Members give up everything before they join. Offered for groups with members that know no other protocol, so that these
 * can be replaced one by one.
 */
const EAGER = 'roundrobin'
const OFFERED: readonly string[] = [COOPERATIVE, EAGER]

const LEAVE_PATIENCE_MS = 1000

const GENERATION_OVER = new Set<number | undefined>([
  KAFKA.UNKNOWN_MEMBER_ID,
  KAFKA.ILLEGAL_GENERATION,
  KAFKA.REBALANCE_IN_PROGRESS,
])

/** Whether a coordinator answered that the generation is over, or that it does not know the member any more. */
export const isGenerationOver = (error: unknown): boolean => GENERATION_OVER.has(errorCodeOf(error))

/** The broker that coordinates a group, as far as it is known. */
export interface Coordinator {
  /** A connection to where the coordinator was last. @param purpose default `'requests'` */
  connection(purpose?: Purpose): Promise<Connection>
  /** Looks for the coordinator anew. */
  find(): Promise<void>
}

export function groupCoordinator(cluster: Cluster, groupId: string): Coordinator {
  let node: number | undefined
  const find = async () => (node = await cluster.findCoordinator(groupId))
  return {
    connection: async (purpose) => cluster.node(node ?? (await find()), purpose),
    async find() {
      await find()
    },
  }
}

/**
 * Sends JoinGroup, and resolves when all members have joined. A new member is answered `MEMBER_ID_REQUIRED` first, with the
 * id to join with; `expectJoined` takes the answer after that.
 */
export function joinGroup(
  connection: Connection,
  identity: GroupIdentity,
  subscription: Subscription,
  { sessionTimeoutMs, rebalanceTimeoutMs }: ConsumerSettings,
): Promise<Answer & JoinedGroup> {
  const metadata = encodeSubscription(subscription)
  const protocols = OFFERED.map((name) => ({ name, metadata }))
  return connection.joinGroup({ ...identity, sessionTimeoutMs, rebalanceTimeoutMs, protocols })
}

/** An answer to JoinGroup that takes the member in. */
export interface Joined {
  readonly generationId: number
  /** Whether this member leads: it assigns the partitions. */
  readonly leads: boolean
  /** Whether members may keep what they own when they join next. */
  readonly cooperative: boolean
  /** Empty for all but the leader. */
  readonly members: JoinedGroup['members']
}

/** Throws what the coordinator answered instead. */
export function expectJoined(answer: Answer & JoinedGroup): Joined {
  throwFor(answer)
  const { generationId, memberId, protocol, leaderId, members } = answer
  if (generationId < 0 || memberId === '' || !OFFERED.includes(protocol))
    throw oddAnswer(
      'JoinGroup',
      `member ${describe(memberId)} of generation ${generationId}, with the protocol ${describe(protocol)}`,
    )
  return { generationId, leads: leaderId === memberId, cooperative: protocol === COOPERATIVE, members }
}

/**
 * Sends SyncGroup: the leader says what each member gets (others send no assignments), and each member learns its own.
 * Throws where a partition is of none of these topics.
 */
export async function syncGroup(
  connection: Connection,
  generation: GroupGeneration,
  assignments: readonly MemberAssignment[],
  topics: ReadonlySet<string>,
): Promise<Assignment> {
  const answer = await connection.syncGroup({ ...generation, assignments })
  throwFor(answer)
  const assignment = decodeAssignment(answer.assignment)
  for (const { topic, partition } of assignment.partitions)
    if (!topics.has(topic))
      throw oddAnswer(
        'SyncGroup',
        `partition ${partition} of ${describe(topic)} is given to a member that does not read it`,
      )
  return assignment
}

/** Throws what the coordinator answers instead. */
export async function sendHeartbeat(coordinator: Coordinator, generation: GroupGeneration): Promise<void> {
  throwFor(await (await coordinator.connection()).heartbeat(generation))
}

/** Why offsets were not committed, and of which partition. */
export interface CommitRefusal extends KafkaError {
  readonly at: TopicPartition
}

/** Throws a `CommitRefusal` for the first partition that the coordinator does not take. */
export async function commitOffsets(
  coordinator: Coordinator,
  generation: GroupGeneration,
  offsets: readonly TopicPartitionOffset[],
): Promise<void> {
  const answers = await (await coordinator.connection()).offsetCommit({ ...generation, offsets })
  expectPartitions('OffsetCommit', offsets, answers)
  for (const { topic, partition, errorCode } of answers)
    if (errorCode !== 0) throw Object.assign(protocolError(errorCode), { at: { topic, partition } })
}

/** Tells the coordinator that a member leaves, without insisting. Never rejects. */
export async function leaveGroup(coordinator: Coordinator, identity: GroupIdentity): Promise<void> {
  if (identity.memberId === '') return
  const leaving = coordinator.connection().then((connection) => connection.leaveGroup(identity))
  await withTimeout(
    leaving.catch(() => {}),
    { ms: LEAVE_PATIENCE_MS, late: () => {} },
  )
}
