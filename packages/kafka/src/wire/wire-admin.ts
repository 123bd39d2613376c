import { sleep } from '@snapstream/core/adapter'
import { groupBy } from '../driver/topic-partition.ts'
import type { ClientSettings, DriverAdmin, NewTopic, TopicPartition } from '../driver/driver.ts'
import { topicMissing } from '../driver/driver-error.ts'
import { listTopics, openCluster } from './cluster/cluster.ts'
import { topicConfigs } from './cluster/topic-configs.ts'
import { topicIds } from './cluster/topic-ids.ts'
import { committedOffsets } from './group/committed-offsets.ts'
import type { Connect } from './protocol/connection.ts'
import { KAFKA } from './errors/error-table.ts'
import { groupAdmin } from './group/group-admin.ts'
import { expectNames, isTopicMissing, kafkaError, protocolError } from './errors/kafka-error.ts'
import { listOffsets } from './fetch/offsets.ts'
import { retry } from './errors/retry.ts'

const CREATED_PAUSE_MS = 20

export async function wireAdmin(connect: Connect, client: ClientSettings): Promise<DriverAdmin> {
  const cluster = await openCluster(client, connect)
  const timeoutMs = client.requestTimeoutMs
  const ask = <T>(doing: string, run: () => Promise<T>): Promise<T> =>
    retry(run, { patienceMs: client.connectTimeoutMs, repair: () => cluster.metadata.refresh(true) }).catch(
      (error: unknown) => {
        throw kafkaError(error, doing)
      },
    )

  /** Requests metadata each time: the metadata of this admin may be older than the topic. */
  async function partitionsOf(topics: readonly string[]): Promise<TopicPartition[]> {
    await cluster.metadata.request([...new Set(topics)])
    return topics.flatMap((topic) => cluster.metadata.partitions(topic).map(({ partition }) => ({ topic, partition })))
  }

  const offsets: DriverAdmin['offsets'] = (topic, at, isolationLevel) =>
    ask(`ask for the offsets of ${JSON.stringify(topic)}`, async () =>
      listOffsets(cluster, await partitionsOf([topic]), at, isolationLevel === 'read_committed'),
    )

  const describeTopics: DriverAdmin['describeTopics'] = (topics) =>
    ask('describe topics', async () => {
      await partitionsOf(topics)
      return new Map(
        topics.map((topic) => [
          topic,
          cluster.metadata.partitions(topic).map(({ partition, leader, replicas, inSyncReplicas }) => ({
            partition,
            leader: leader < 0 ? undefined : leader,
            replicas,
            inSyncReplicas,
          })),
        ]),
      )
    })

  async function create({ topic, partitions = -1, replicationFactor = -1, config = {} }: NewTopic): Promise<void> {
    await ask(`create the topic ${JSON.stringify(topic)}`, async () => {
      const topics = [{ topic, partitions, replicationFactor, config }]
      const answers = await (await cluster.controller()).createTopics({ timeoutMs, topics })
      expectNames(
        'CreateTopics',
        [topic],
        answers.map((answer) => answer.topic),
      )
      for (const { errorCode, message } of answers)
        if (errorCode !== 0 && errorCode !== KAFKA.TOPIC_ALREADY_EXISTS) throw protocolError(errorCode, message)
    })
    // The controller has created the topic. The brokers may still have to learn of it and of the partitions that they lead.
    const end = performance.now() + timeoutMs
    for (;;) {
      try {
        await offsets(topic, 'latest')
        return
      } catch (error) {
        if (!isTopicMissing(error) || performance.now() > end) throw error
      }
      await sleep(CREATED_PAUSE_MS)
    }
  }

  return {
    async createTopics(topics) {
      for (const topic of topics) await create(topic)
    },
    async deleteTopics(topics) {
      // All or none: a missing topic is found before the first one is deleted.
      await describeTopics(topics)
      for (const topic of new Set(topics))
        await ask(`delete the topic ${JSON.stringify(topic)}`, async () => {
          const answers = await (await cluster.controller()).deleteTopics({ timeoutMs, topics: [topic] })
          expectNames(
            'DeleteTopics',
            [topic],
            answers.map((answer) => answer.topic),
          )
          for (const { errorCode } of answers) {
            const error = protocolError(errorCode)
            if (errorCode !== 0) throw isTopicMissing(error) ? topicMissing(topic, error) : error
          }
        })
    },
    listTopics: () => ask('list the topics', () => listTopics(cluster)),
    describeTopics,
    topicIds: (topics) => ask('ask for the ids of topics', async () => topicIds(await cluster.any(), topics)),
    topicConfigs: (topics) =>
      ask('ask for the settings of topics', async () => topicConfigs(await cluster.any(), topics)),
    offsets,
    committed: (groupId, topics) =>
      ask(`ask for the offsets of the group ${JSON.stringify(groupId)}`, async () => {
        const found = groupBy(
          await committedOffsets(cluster, groupId, await partitionsOf(topics)),
          ({ topic }) => topic,
        )
        return topics.flatMap((topic) => (found.get(topic) ?? []).toSorted((a, b) => a.partition - b.partition))
      }),
    ...groupAdmin(cluster, ask),
    close: () => cluster.destroy(),
  }
}
