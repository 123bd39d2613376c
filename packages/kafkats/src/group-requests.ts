import type { Broker } from '@kafkats/client'
import type { Connection } from '@snapstream/kafka/wire'
import { asBuffer, byTopicName } from '@snapstream/kafka/wire'
import type { Call } from './internals.ts'

type GroupRequests = Pick<
  Connection,
  'findCoordinator' | 'joinGroup' | 'syncGroup' | 'heartbeat' | 'leaveGroup' | 'offsetFetch' | 'offsetCommit'
>

const OF_GROUPS = 0

export function groupRequests(broker: Broker, call: Call): GroupRequests {
  /** The wait of SyncGroup, in ms: the leader's assignments may take as long as other members take to join. */
  let rebalanceTimeoutMs = 0

  return {
    async findCoordinator(groupId) {
      const send = () => broker.findCoordinator({ key: groupId, keyType: OF_GROUPS })
      const { errorCode, nodeId, host, port } = await call('FindCoordinator', send)
      return { errorCode, nodeId, host, port }
    },

    async joinGroup({ protocols, groupInstanceId = null, ...member }) {
      rebalanceTimeoutMs = Math.max(rebalanceTimeoutMs, member.rebalanceTimeoutMs)
      const request = {
        ...member,
        groupInstanceId,
        protocolType: 'consumer',
        protocols: protocols.map(({ name, metadata }) => ({ name, metadata: asBuffer(metadata) })),
      }
      const send = () => broker.joinGroup(request)
      const { errorCode, generationId, protocolName, memberId, leader, members } = await call('JoinGroup', send)
      return {
        errorCode,
        generationId,
        protocol: protocolName ?? '',
        memberId,
        leaderId: leader,
        members: members.map(({ memberId, metadata }) => ({ memberId, metadata })),
      }
    },

    async syncGroup({ assignments, groupInstanceId = null, ...member }) {
      const request = {
        ...member,
        groupInstanceId,
        assignments: assignments.map(({ memberId, assignment }) => ({ memberId, assignment: asBuffer(assignment) })),
      }
      const send = () => broker.syncGroup(request, rebalanceTimeoutMs)
      const { errorCode, assignment } = await call('SyncGroup', send)
      return { errorCode, assignment }
    },

    async heartbeat({ groupInstanceId = null, ...member }) {
      const { errorCode } = await call('Heartbeat', () => broker.heartbeat({ ...member, groupInstanceId }))
      return { errorCode }
    },

    async leaveGroup({ groupId, memberId, groupInstanceId = null }) {
      const send = () => broker.leaveGroup({ groupId, members: [{ memberId, groupInstanceId }] })
      const { errorCode, members } = await call('LeaveGroup', send)
      return { errorCode: errorCode || (members[0]?.errorCode ?? 0) }
    },

    async offsetFetch({ groupId, partitions }) {
      const request = {
        groupId,
        topics: byTopicName(partitions, ({ partition }) => ({ partitionIndex: partition })),
        // As with KafkaJS, an offset that an open transaction is about to commit does not count yet.
        requireStable: false,
      }
      const { errorCode, topics } = await call('OffsetFetch', () => broker.offsetFetch(request))
      return {
        errorCode,
        partitions: topics.flatMap(({ name, partitions }) =>
          partitions.map(({ partitionIndex, committedOffset, errorCode }) => ({
            topic: name,
            partition: partitionIndex,
            offset: Number(committedOffset),
            errorCode,
          })),
        ),
      }
    },

    async offsetCommit({ groupId, generationId, memberId, groupInstanceId = null, offsets }) {
      const topics = byTopicName(offsets, ({ partition, offset }) => ({
        partitionIndex: partition,
        committedOffset: BigInt(offset),
      }))
      const send = () => broker.offsetCommit({ groupId, generationId, memberId, groupInstanceId, topics })
      const answer = await call('OffsetCommit', send)
      return answer.topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, errorCode }) => ({ topic: name, partition: partitionIndex, errorCode })),
      )
    },
  }
}
