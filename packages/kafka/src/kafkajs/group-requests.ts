import { SnapstreamError } from '@snapstream/core'
import type { Connection, GroupIdentity } from '../wire/protocol/connection.ts'
import { shownAddress } from '../wire/protocol/broker-address.ts'
import { asBuffer } from '../driver/bytes.ts'
import { byTopic, flatten } from '../driver/topic-partition.ts'
import type { KafkaProtocol, OpenBroker } from './internals.ts'

type GroupRequests = Pick<
  Connection,
  'joinGroup' | 'syncGroup' | 'heartbeat' | 'leaveGroup' | 'offsetFetch' | 'offsetCommit'
>

/** The first version of JoinGroup with static members (Kafka 2.3). An older broker treats them as ordinary members. */
const STATIC_JOIN_VERSION = 5
const NOTHING = Buffer.alloc(0)

interface JoinGroupAnswer {
  readonly errorCode: number
  readonly generationId: number
  readonly groupProtocol: string | null
  readonly memberId: string | null
  readonly leaderId: string | null
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer | null }[]
}

/** The requests that members of a group send. */
export function groupRequests(broker: OpenBroker): GroupRequests {
  /** The wait of SyncGroup, in ms: the leader's assignments may take as long as other members take to join. */
  let waitMs = 0

  return {
    async joinGroup({ groupId, memberId, groupInstanceId, sessionTimeoutMs, rebalanceTimeoutMs, protocols }) {
      const protocol = broker.request('JoinGroup', {
        groupId,
        memberId,
        groupInstanceId,
        sessionTimeout: sessionTimeoutMs,
        rebalanceTimeout: rebalanceTimeoutMs,
        protocolType: 'consumer',
        groupProtocols: protocols.map(({ name, metadata }) => ({ name, metadata: asBuffer(metadata) })),
      })
      if (groupInstanceId !== undefined) expectStatic(broker, protocol)
      waitMs = Math.max(waitMs, rebalanceTimeoutMs)
      const answer = await broker.send<JoinGroupAnswer>(protocol, rebalanceTimeoutMs)
      return {
        errorCode: answer.errorCode,
        generationId: answer.generationId,
        protocol: answer.groupProtocol ?? '',
        memberId: answer.memberId ?? '',
        leaderId: answer.leaderId ?? '',
        members: answer.members.map((member) => ({
          memberId: member.memberId,
          metadata: member.memberMetadata ?? NOTHING,
        })),
      }
    },

    async syncGroup({ groupId, memberId, groupInstanceId, generationId, assignments }) {
      const protocol = broker.request('SyncGroup', {
        groupId,
        memberId,
        groupInstanceId,
        generationId,
        groupAssignment: assignments.map(({ memberId, assignment }) => ({
          memberId,
          memberAssignment: asBuffer(assignment),
        })),
      })
      const answer = await broker.send<{ errorCode: number; memberAssignment: Buffer | null }>(protocol, waitMs)
      return { errorCode: answer.errorCode, assignment: answer.memberAssignment ?? NOTHING }
    },

    async heartbeat({ groupId, memberId, groupInstanceId, generationId }) {
      const args = { groupId, memberId, groupInstanceId, groupGenerationId: generationId }
      const { errorCode } = await broker.send<{ errorCode: number }>(broker.request('Heartbeat', args))
      return { errorCode }
    },

    async leaveGroup({ groupId, memberId, groupInstanceId }: GroupIdentity) {
      const protocol = broker.request('LeaveGroup', { groupId, memberId, groupInstanceId })
      const { errorCode, members = [] } = await broker.send<{ errorCode: number; members?: { errorCode: number }[] }>(
        protocol,
      )
      return { errorCode: errorCode || (members.find((member) => member.errorCode !== 0)?.errorCode ?? 0) }
    },

    async offsetFetch({ groupId, partitions }) {
      const topics = byTopic(partitions, ({ partition }) => ({ partition }))
      const { errorCode = 0, responses } = await broker.send<{
        errorCode?: number
        responses: { topic: string; partitions: { partition: number; offset: string; errorCode: number }[] }[]
      }>(broker.request('OffsetFetch', { groupId, topics }))
      return {
        errorCode,
        partitions: flatten(responses).map(({ topic, partition, offset, errorCode }) => ({
          topic,
          partition,
          offset: Number(offset),
          errorCode,
        })),
      }
    },

    async offsetCommit({ groupId, memberId, generationId, offsets }) {
      const topics = byTopic(offsets, ({ partition, offset }) => ({ partition, offset: String(offset) }))
      const protocol = broker.request('OffsetCommit', { groupId, memberId, groupGenerationId: generationId, topics })
      const { responses } = await broker.send<{
        responses: { topic: string; partitions: { partition: number; errorCode: number }[] }[]
      }>(protocol)
      return flatten(responses).map(({ topic, partition, errorCode }) => ({ topic, partition, errorCode }))
    },
  }
}

function expectStatic({ address }: OpenBroker, { request }: KafkaProtocol): void {
  if (request.apiVersion >= STATIC_JOIN_VERSION) return
  throw new SnapstreamError(
    'UNSUPPORTED',
    `the broker ${shownAddress(address)} is too old for groupInstanceId (Kafka 2.3); leave it out`,
  )
}
