import type { DriverAdmin } from '../driver/driver.ts'
import type { MemoryBroker } from './memory-broker.ts'

export function memoryAdmin(broker: MemoryBroker): DriverAdmin {
  return {
    async createTopics(topics) {
      for (const { topic, partitions } of topics) broker.createTopic(topic, partitions)
    },
    async deleteTopics(topics) {
      // All or none: a missing one is found before the first is gone.
      for (const topic of topics) broker.logs(topic)
      for (const topic of new Set(topics)) broker.deleteTopic(topic)
    },
    listTopics: async () => broker.topics(),
    describeTopics: async (topics) => new Map(topics.map((topic) => [topic, broker.logs(topic).length])),
    offsets: async (topic, at) => broker.logs(topic).map((log, partition) => ({ topic, partition, offset: log[at]() })),
    async committed(groupId, topics) {
      const group = broker.group(groupId)
      return topics.flatMap((topic) =>
        broker.logs(topic).flatMap((_, partition) => {
          const offset = group.committed(topic, partition)
          return offset === undefined ? [] : [{ topic, partition, offset }]
        }),
      )
    },
    async close() {},
  }
}
