import { closed, groupNotEmpty, noSuchGroup, partitionMissing } from '../driver/driver-error.ts'
import type { DriverAdmin, GroupDescription, IsolationLevel } from '../driver/driver.ts'
import type { MemoryBroker } from './memory-broker.ts'
import { offsetAtTimestamp } from './partition-log.ts'
import type { PartitionLog } from './partition-log.ts'

/** The id of the one node, which leads all partitions. */
const NODE = 0

export function memoryAdmin(broker: MemoryBroker): DriverAdmin {
  let open = true

  function live(): MemoryBroker {
    if (!open) throw closed('admin')
    return broker
  }

  function describeGroup(groupId: string): GroupDescription {
    const described = live().group(groupId).describe()
    if (described === undefined) throw noSuchGroup(groupId)
    return { groupId, protocolType: 'consumer', ...described }
  }

  function refuseMembers(groupId: string): void {
    if (live().group(groupId).describe()?.members.length) throw groupNotEmpty(groupId)
  }

  return {
    async createTopics(topics) {
      for (const topic of topics) live().createTopic(topic)
    },
    async deleteTopics(topics) {
      // All or none: a missing topic is found before the first one is deleted.
      for (const topic of topics) live().logs(topic)
      for (const topic of new Set(topics)) live().deleteTopic(topic)
    },
    listTopics: async () => live().topics(),
    describeTopics: async (topics) =>
      new Map(
        topics.map((topic) => [
          topic,
          live()
            .logs(topic)
            .map((_, partition) => ({ partition, leader: NODE, replicas: [NODE], inSyncReplicas: [NODE] })),
        ]),
      ),
    topicIds: async (topics) => new Map(topics.map((topic) => [topic, live().topicId(topic)])),
    topicConfigs: async (topics) => new Map(topics.map((topic) => [topic, live().config(topic)])),
    offsets: async (topic, at, isolationLevel) =>
      live()
        .logs(topic)
        .map((log, partition) => ({ topic, partition, offset: offsetAt(log, at, isolationLevel) })),
    async committed(groupId, topics) {
      const group = live().group(groupId)
      return topics.flatMap((topic) =>
        live()
          .logs(topic)
          .flatMap((_, partition) => {
            const committed = group.offsets.get({ topic, partition })
            return committed === undefined ? [] : [{ topic, partition, offset: committed.offset }]
          }),
      )
    },
    listGroups: async () =>
      live()
        .groupIds()
        .filter((groupId) => live().group(groupId).describe() !== undefined)
        .map((groupId) => ({ groupId, protocolType: 'consumer' })),
    describeGroups: async (groupIds) => new Map(groupIds.map((groupId) => [groupId, describeGroup(groupId)])),
    async deleteGroups(groupIds) {
      // All or none, as with topics.
      for (const groupId of groupIds) {
        describeGroup(groupId)
        refuseMembers(groupId)
      }
      for (const groupId of groupIds) live().group(groupId).clear()
    },
    async commit(groupId, offsets) {
      refuseMembers(groupId)
      for (const { topic, partition } of offsets) {
        const { length } = live().logs(topic)
        if (partition >= length) throw partitionMissing(topic, partition, length)
      }
      live().group(groupId).reset(offsets)
    },
    async close() {
      open = false
    },
  }
}

function offsetAt(log: PartitionLog, at: 'earliest' | 'latest' | number, isolationLevel?: IsolationLevel): number {
  return typeof at === 'number' ? offsetAtTimestamp(log, at, isolationLevel) : log[at](isolationLevel)
}
