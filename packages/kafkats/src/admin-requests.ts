import type { Broker } from '@kafkats/client'
import type { Connection } from '@snapstream/kafka/wire'
import type { Call } from './internals.ts'

type AdminRequests = Pick<
  Connection,
  'metadata' | 'createTopics' | 'deleteTopics' | 'listGroups' | 'describeGroups' | 'deleteGroups'
>

export function adminRequests(broker: Broker, call: Call): AdminRequests {
  return {
    async metadata(names) {
      const topics = names?.map((name) => ({ name })) ?? null
      // By default the client allows the request to create topics.
      const send = () => broker.metadata({ topics, allowAutoTopicCreation: false })
      const answer = await call('Metadata', send)
      return {
        brokers: answer.brokers.map(({ nodeId, host, port }) => ({ nodeId, host, port })),
        controllerId: answer.controllerId,
        topics: answer.topics.map(({ name, errorCode, isInternal, partitions }) => ({
          topic: name ?? '',
          errorCode,
          isInternal,
          partitions: partitions.map(({ errorCode, partitionIndex, leaderId, replicaNodes, isrNodes }) => ({
            errorCode,
            partition: partitionIndex,
            leader: leaderId,
            replicas: replicaNodes,
            inSyncReplicas: isrNodes,
          })),
        })),
      }
    },

    async createTopics({ timeoutMs, topics }) {
      const request = {
        timeoutMs,
        topics: topics.map(({ topic, partitions, replicationFactor, config }) => ({
          name: topic,
          numPartitions: partitions,
          replicationFactor,
          assignments: [],
          configs: Object.entries(config).map(([name, value]) => ({ name, value })),
        })),
      }
      const answer = await call('CreateTopics', () => broker.createTopics(request))
      return answer.topics.map(({ name, errorCode, errorMessage }) => ({
        topic: name,
        errorCode,
        message: errorMessage ?? undefined,
      }))
    },

    async deleteTopics({ timeoutMs, topics }) {
      const request = { timeoutMs, topics: topics.map((name) => ({ name })) }
      const answer = await call('DeleteTopics', () => broker.deleteTopics(request))
      return answer.responses.map(({ name, errorCode }) => ({ topic: name ?? '', errorCode }))
    },

    async listGroups() {
      const { errorCode, groups } = await call('ListGroups', () => broker.listGroups({}))
      return { errorCode, groups: groups.map(({ groupId, protocolType }) => ({ groupId, protocolType })) }
    },

    async describeGroups(groupIds) {
      const answer = await call('DescribeGroups', () => broker.describeGroups({ groups: [...groupIds] }))
      return answer.groups.map(({ errorCode, groupId, groupState, protocolType, members }) => ({
        errorCode,
        groupId,
        state: groupState,
        protocolType,
        members: members.map(({ memberId, groupInstanceId, clientId, clientHost, memberAssignment }) => ({
          memberId,
          groupInstanceId: groupInstanceId ?? undefined,
          clientId,
          host: clientHost,
          assignment: memberAssignment,
        })),
      }))
    },

    async deleteGroups(groupIds) {
      const answer = await call('DeleteGroups', () => broker.deleteGroups({ groupsNames: [...groupIds] }))
      return answer.results.map(({ groupId, errorCode }) => ({ groupId, errorCode }))
    },
  }
}
