import { groupNotEmpty, noSuchGroup, partitionMissing } from '../driver/driver-error.ts'
import type { DriverAdmin, GroupDescription } from '../driver/driver.ts'
import type { MemoryBroker } from './memory-broker.ts'
import { offsetAtTimestamp } from './offset-at-timestamp.ts'
import type { PartitionLog } from './partition-log.ts'

/** There is one node, and it leads everything. */
const NODE = 0

export function memoryAdmin(broker: MemoryBroker): DriverAdmin {
  function describeGroup(groupId: string): GroupDescription {
    const described = broker.group(groupId).describe()
    if (described === undefined) throw noSuchGroup(groupId)
    return { groupId, protocolType: 'consumer', ...described }
  }

  function refuseMembers(groupId: string): void {
    if (broker.group(groupId).describe()?.members.length) throw groupNotEmpty(groupId)
  }

  return {
    async createTopics(topics) {
      for (const topic of topics) broker.createTopic(topic)
    },
    async deleteTopics(topics) {
      // All or none: a missing one is found before the first is gone.
      for (const topic of topics) broker.logs(topic)
      for (const topic of new Set(topics)) broker.deleteTopic(topic)
    },
    listTopics: async () => broker.topics(),
    describeTopics: async (topics) =>
      new Map(
        topics.map((topic) => [
          topic,
          broker
            .logs(topic)
            .map((_, partition) => ({ partition, leader: NODE, replicas: [NODE], inSyncReplicas: [NODE] })),
        ]),
      ),
    offsets: async (topic, at) =>
      broker.logs(topic).map((log, partition) => ({ topic, partition, offset: offsetAt(log, at) })),
    async committed(groupId, topics) {
      const group = broker.group(groupId)
      return topics.flatMap((topic) =>
        broker.logs(topic).flatMap((_, partition) => {
          const offset = group.committed(topic, partition)
          return offset === undefined ? [] : [{ topic, partition, offset }]
        }),
      )
    },
    listGroups: async () =>
      broker
        .groupIds()
        .filter((groupId) => broker.group(groupId).describe() !== undefined)
        .map((groupId) => ({ groupId, protocolType: 'consumer' })),
    describeGroups: async (groupIds) => new Map(groupIds.map((groupId) => [groupId, describeGroup(groupId)])),
    async deleteGroups(groupIds) {
      // All or none, as with topics.
      for (const groupId of groupIds) {
        describeGroup(groupId)
        refuseMembers(groupId)
      }
      for (const groupId of groupIds) broker.group(groupId).clear()
    },
    async commit(groupId, offsets) {
      refuseMembers(groupId)
      for (const { topic, partition } of offsets) {
        const { length } = broker.logs(topic)
        if (partition >= length) throw partitionMissing(topic, partition, length)
      }
      broker.group(groupId).reset(offsets)
    },
    async close() {},
  }
}

function offsetAt(log: PartitionLog, at: 'earliest' | 'latest' | number): number {
  return typeof at === 'number' ? offsetAtTimestamp(log, at) : log[at]()
}
