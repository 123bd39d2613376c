import kafkajs from 'kafkajs'
import type { Admin } from 'kafkajs'
import { topicMissing } from '../driver/driver-error.ts'
import type { ClientSettings, DriverAdmin, NewTopic, TopicPartition } from '../driver/driver.ts'
import { followTopic, listOffsets, listTopics, refreshTopics } from './cluster-topics.ts'
import { isTopicMissing, kafkaError } from './kafkajs-error.ts'
import { kafkaConfig, openCluster } from './open-cluster.ts'
import { pause } from './pause.ts'
import { persistently } from './persistently.ts'
import { committedOffsets } from './start-offsets.ts'

const CREATED_PAUSE_MS = 20

export async function kafkajsAdmin(client: ClientSettings): Promise<DriverAdmin> {
  const { cluster, destroy } = await openCluster(client)
  const kafka = new kafkajs.Kafka(kafkaConfig(client))
  const ask = <T>(doing: string, run: () => Promise<T>): Promise<T> =>
    persistently(run, { patienceMs: client.connectTimeoutMs, repair: () => refreshTopics(cluster, true) }).catch(
      (error: unknown) => {
        throw kafkaError(error, doing)
      },
    )

  /** Requests that change something go through KafkaJS's own admin, connected for as long as that takes. */
  async function change(doing: string, run: (admin: Admin) => Promise<unknown>): Promise<void> {
    await ask(doing, async () => {
      const admin = kafka.admin({ retry: { retries: 3, initialRetryTime: 100 } })
      try {
        await admin.connect()
        await run(admin)
      } finally {
        await admin.disconnect()
      }
    })
  }

  /** Asks anew each time: what this admin knows may be older than the topic. */
  async function partitionsOf(topic: string): Promise<TopicPartition[]> {
    await followTopic(cluster, topic)
    await refreshTopics(cluster, true)
    await followTopic(cluster, topic)
    return cluster
      .findTopicPartitionMetadata(topic)
      .map(({ partitionId: partition }) => ({ topic, partition }))
      .sort((a, b) => a.partition - b.partition)
  }

  const offsets = (topic: string, at: 'earliest' | 'latest') =>
    ask(`ask for the offsets of ${JSON.stringify(topic)}`, async () =>
      (await listOffsets(cluster, await partitionsOf(topic), at)).toSorted((a, b) => a.partition - b.partition),
    )

  async function describeTopics(topics: readonly string[]): Promise<Map<string, number>> {
    const counts = new Map<string, number>()
    for (const topic of topics) counts.set(topic, (await ask('describe topics', () => partitionsOf(topic))).length)
    return counts
  }

  async function create({ topic, partitions: numPartitions = -1, replicationFactor = -1 }: NewTopic): Promise<void> {
    const doing = `create the topic ${JSON.stringify(topic)}`
    await change(doing, (admin) =>
      admin.createTopics({ topics: [{ topic, numPartitions, replicationFactor }], waitForLeaders: false }),
    )
    // The controller has it; the brokers may still have to hear of it, and of their part in it. KafkaJS's own way to wait
    // fails when it asks before they did.
    const end = Date.now() + client.requestTimeoutMs
    for (;;) {
      try {
        await offsets(topic, 'latest')
        return
      } catch (error) {
        if (!isTopicMissing((error as Error).cause) || Date.now() > end) throw error
      }
      await pause(CREATED_PAUSE_MS)
    }
  }

  return {
    async createTopics(topics) {
      for (const topic of topics) await create(topic)
    },
    async deleteTopics(topics) {
      await describeTopics(topics)
      for (const topic of new Set(topics)) {
        cluster.targetTopics.delete(topic)
        await change(`delete the topic ${JSON.stringify(topic)}`, (admin) =>
          admin.deleteTopics({ topics: [topic] }).catch((error: unknown) => {
            throw isTopicMissing(error) ? topicMissing(topic, error) : error
          }),
        )
      }
    },
    listTopics: () => ask('list the topics', () => listTopics(cluster)),
    describeTopics,
    offsets,
    async committed(groupId, topics) {
      return ask(`ask for the offsets of the group ${JSON.stringify(groupId)}`, async () => {
        const partitions: TopicPartition[] = []
        for (const topic of topics) partitions.push(...(await partitionsOf(topic)))
        const found = await committedOffsets(cluster, groupId, partitions)
        return found.toSorted((a, b) => topics.indexOf(a.topic) - topics.indexOf(b.topic) || a.partition - b.partition)
      })
    },
    close: destroy,
  }
}
