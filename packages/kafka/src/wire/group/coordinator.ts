import { describe } from '@snapstream/core'
import { withTimeout } from '@snapstream/core/adapter'
import type { ConsumerSettings, TopicPartition, TopicPartitionOffset } from '../../driver/driver.ts'
import { ownerMetadata } from '../../driver/partition-owner.ts'
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
import { brokerErrorCode, expectPartitions, oddAnswer, protocolError, throwFor } from '../errors/kafka-error.ts'
import type { KafkaError } from '../errors/kafka-error.ts'
import { commitOffsetsAndMetadata } from './offsets-and-metadata.ts'
import { decodeAssignment, encodeSubscription } from './consumer-protocol.ts'
import type { Assignment, Subscription } from './consumer-protocol.ts'

/** The protocol in which members keep their partitions while they join. Clients of other languages use the same name. */
const COOPERATIVE = 'cooperative-sticky'
/**
 * The protocol in which members give up all partitions before they join. It is offered for groups with members that know no
 * other protocol, so that these members can be replaced one by one.
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
export const isGenerationOver = (error: unknown): boolean => GENERATION_OVER.has(brokerErrorCode(error))

/** The coordinator of a group, as last looked up. */
export interface Coordinator {
  /** A connection to the coordinator that is known. @param purpose default `'requests'` */
  connection(purpose?: Purpose): Promise<Connection>
  /** Looks up the coordinator again. */
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
 * Sends JoinGroup, and resolves when all members have joined. A new member gets the answer `MEMBER_ID_REQUIRED` first, with the
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
  /** Whether members may keep their partitions when they join next. */
  readonly cooperative: boolean
  /** Empty for all but the leader. */
  readonly members: JoinedGroup['members']
}

/** Throws the error of an answer that does not take the member in. */
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
 * Sends SyncGroup: the leader sends the assignments of all members (others send none), and each member learns its own.
 * Rejects if a partition is of none of these topics.
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

/** Sends a heartbeat. Rejects with the error that the coordinator answers. */
export async function sendHeartbeat(coordinator: Coordinator, generation: GroupGeneration): Promise<void> {
  throwFor(await (await coordinator.connection()).heartbeat(generation))
}

/** The reason why the offset of a partition was not committed. */
export interface CommitRefusal extends KafkaError {
  readonly at: TopicPartition
}

/**
 * Commits offsets. Rejects with a `CommitRefusal` for the first partition that the coordinator refuses.
 *
 * @param owner the owner that the metadata of the offsets names; undefined: the offsets have no metadata
 */
export async function commitOffsets(
  coordinator: Coordinator,
  generation: GroupGeneration,
  offsets: readonly TopicPartitionOffset[],
  owner?: string,
): Promise<void> {
  const connection = await coordinator.connection()
  if (owner !== undefined) {
    const metadata = ownerMetadata(owner)
    return commitOffsetsAndMetadata(
      connection,
      generation,
      offsets.map((at) => ({ ...at, metadata })),
    )
  }
  const answers = await connection.offsetCommit({ ...generation, offsets })
  expectPartitions('OffsetCommit', offsets, answers)
  for (const { topic, partition, errorCode } of answers)
    if (errorCode !== 0) throw Object.assign(protocolError(errorCode), { at: { topic, partition } })
}

/** Tells the coordinator that a member leaves, in one attempt. Never rejects. */
export async function leaveGroup(coordinator: Coordinator, identity: GroupIdentity): Promise<void> {
  if (identity.memberId === '') return
  const leaving = coordinator.connection().then((connection) => connection.leaveGroup(identity))
  await withTimeout(
    leaving.catch(() => {}),
    { ms: LEAVE_PATIENCE_MS, late: () => {} },
  )
}
