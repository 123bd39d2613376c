import type { ClusterMetadata, Connection, TopicAnswer } from '../wire/protocol/connection.ts'
import type { OpenBroker } from './internals.ts'

type AdminRequests = Pick<
  Connection,
  'metadata' | 'findCoordinator' | 'createTopics' | 'deleteTopics' | 'listGroups' | 'describeGroups' | 'deleteGroups'
>

const NOTHING = Buffer.alloc(0)
/** Since this version a Metadata request says whether it may create topics. */
const METADATA_CREATES = 4

interface MetadataAnswer {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[]
  readonly controllerId?: number
  readonly topicMetadata: readonly {
    readonly topicErrorCode: number
    readonly topic: string
    readonly isInternal?: boolean
    readonly partitionMetadata: readonly {
      readonly partitionErrorCode: number
      readonly partitionId: number
      readonly leader: number
      readonly replicas: readonly number[]
      readonly isr: readonly number[]
    }[]
  }[]
}

/** The requests for the cluster, its topics and its groups. */
export function adminRequests(broker: OpenBroker): AdminRequests {
  return {
    async metadata(topics) {
      // To KafkaJS an empty list means all.
      const protocol = broker.request('Metadata', { topics: [...(topics ?? [])], allowAutoTopicCreation: false })
      const { request } = protocol
      const { Encoder } = broker.kafkajs
      const ofNone = async () => {
        const encoder = new Encoder().writeArray([])
        return request.apiVersion < METADATA_CREATES ? encoder : encoder.writeBoolean(false)
      }
      return metadataOf(
        await broker.send<MetadataAnswer>(
          topics?.length === 0 ? { ...protocol, request: { ...request, encode: ofNone } } : protocol,
        ),
      )
    },

    async findCoordinator(groupId) {
      const { errorCode, coordinator } = await broker.send<{
        errorCode: number
        coordinator: { nodeId: number; host: string; port: number }
      }>(broker.request('GroupCoordinator', { groupId }))
      const { nodeId, host, port } = coordinator
      return { errorCode, nodeId, host, port }
    },

    async createTopics({ timeoutMs, topics }) {
      const protocol = broker.request('CreateTopics', {
        timeout: timeoutMs,
        topics: topics.map(({ topic, partitions, replicationFactor, config }) => ({
          topic,
          numPartitions: partitions,
          replicationFactor,
          configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
        })),
      })
      const { topicErrors } = await broker.send<{
        topicErrors: (TopicAnswer & { readonly errorMessage?: string | null })[]
      }>(protocol)
      return topicErrors.map(({ topic, errorCode, errorMessage }) => ({
        topic,
        errorCode,
        message: errorMessage ?? undefined,
      }))
    },

    async deleteTopics({ timeoutMs, topics }) {
      const protocol = broker.request('DeleteTopics', { timeout: timeoutMs, topics: [...topics] })
      const { topicErrors } = await broker.send<{ topicErrors: TopicAnswer[] }>(protocol)
      return topicErrors.map(({ topic, errorCode }) => ({ topic, errorCode }))
    },

    async listGroups() {
      const { errorCode, groups } = await broker.send<{
        errorCode: number
        groups: { groupId: string; protocolType: string }[]
      }>(broker.request('ListGroups', {}))
      return { errorCode, groups: groups.map(({ groupId, protocolType }) => ({ groupId, protocolType })) }
    },

    async describeGroups(groupIds) {
      const { groups } = await broker.send<{
        groups: {
          errorCode: number
          groupId: string
          state: string
          protocolType: string
          members: { memberId: string; clientId: string; clientHost: string; memberAssignment: Buffer | null }[]
        }[]
      }>(broker.request('DescribeGroups', { groupIds: [...groupIds] }))
      return groups.map(({ errorCode, groupId, state, protocolType, members }) => ({
        errorCode,
        groupId,
        state,
        protocolType,
        members: members.map(({ memberId, clientId, clientHost, memberAssignment }) => ({
          memberId,
          // Not part of any version that KafkaJS knows.
          groupInstanceId: undefined,
          clientId,
          host: clientHost,
          assignment: memberAssignment ?? NOTHING,
        })),
      }))
    },

    async deleteGroups(groupIds) {
      const { results } = await broker.send<{ results: { groupId: string; errorCode: number }[] }>(
        broker.request('DeleteGroups', [...groupIds]),
      )
      return results.map(({ groupId, errorCode }) => ({ groupId, errorCode }))
    },
  }
}

function metadataOf({ brokers, controllerId = -1, topicMetadata }: MetadataAnswer): ClusterMetadata {
  return {
    brokers: brokers.map(({ nodeId, host, port }) => ({ nodeId, host, port })),
    controllerId,
    topics: topicMetadata.map(({ topicErrorCode, topic, isInternal = false, partitionMetadata }) => ({
      topic,
      errorCode: topicErrorCode,
      isInternal,
      partitions: partitionMetadata.map(({ partitionErrorCode, partitionId, leader, replicas, isr }) => ({
        partition: partitionId,
        errorCode: partitionErrorCode,
        leader,
        replicas,
        inSyncReplicas: isr,
      })),
    })),
  }
}
