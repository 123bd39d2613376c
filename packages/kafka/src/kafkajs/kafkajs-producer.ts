import { SnapstreamError } from '@snapstream/core'
import type { Headers } from '@snapstream/core'
import { closed, partitionMissing } from '../driver/driver-error.ts'
import { groupBy } from '../driver/group-by.ts'
import type {
  ClientSettings,
  DriverProducer,
  ProduceBatch,
  ProduceRecord,
  ProduceResult,
  ProducerSettings,
} from '../driver/driver.ts'
import { partitionKey } from '../driver/partition-key.ts'
import { followTopic, refreshTopics } from './cluster-topics.ts'
import { isPassing, isTopicMissing, kafkaError } from './kafkajs-error.ts'
import { openCluster } from './open-cluster.ts'
import { persistently } from './persistently.ts'
import { protocolError } from './protocol-error.ts'
import { withErrors } from './raw-answer.ts'

const SENT: ProduceResult = {}

interface ProduceAnswer {
  readonly topics: readonly {
    readonly topicName: string
    readonly partitions: readonly { readonly partition: number; readonly errorCode: number }[]
  }[]
}

export async function kafkajsProducer(client: ClientSettings, settings: ProducerSettings): Promise<DriverProducer> {
  const { cluster, destroy } = await openCluster(client)
  let open = true
  /** What is known of the cluster is out of date. */
  let stale = false
  const under = new Set<Promise<unknown>>()

  async function send(batches: readonly ProduceBatch[]): Promise<ProduceResult[]> {
    const results = new Map<ProduceBatch, ProduceResult>()
    try {
      if (!open) throw closed('producer')
      if (stale) {
        await refreshTopics(cluster, true)
        stale = false
      }
      await cluster.refreshMetadataIfNecessary()
    } catch (error) {
      const result = failed(error, 'send', undefined)
      return batches.map(() => result)
    }
    for (const topic of new Set(batches.map((batch) => batch.topic))) {
      await followTopic(cluster, topic).catch((error: unknown) => {
        for (const batch of batches) if (batch.topic === topic) results.set(batch, failed(error, 'send', batch))
      })
    }
    const byLeader = groupBy(
      batches.filter((batch) => !results.has(batch)),
      leaderOf,
    )
    await Promise.all(
      [...byLeader].map(async ([leader, of]) => {
        const outcome = await sendTo(leader, of)
        of.forEach((batch, i) => results.set(batch, outcome[i] ?? failed(new Error('no answer'), 'send', batch)))
      }),
    )
    return batches.map((batch) => results.get(batch) ?? failed(new Error('no answer'), 'send', batch))
  }

  function leaderOf({ topic, partition }: ProduceBatch): number | undefined {
    const partitions = cluster.findTopicPartitionMetadata(topic)
    return partitions.find(({ partitionId }) => partitionId === partition)?.leader
  }

  async function sendTo(leader: number | undefined, batches: readonly ProduceBatch[]): Promise<ProduceResult[]> {
    if (leader === undefined)
      return batches.map(({ topic, partition }) => {
        const count = cluster.findTopicPartitionMetadata(topic).length
        return { error: partitionMissing(topic, partition, count), retriable: false }
      })
    try {
      if (leader === -1) throw protocolError(5)
      const broker = await cluster.findBroker({ nodeId: leader })
      const answer = (await withErrors(broker).produce({
        acks: settings.acks,
        timeout: client.requestTimeoutMs,
        topicData: [...groupBy(batches, ({ topic }) => topic)].map(([topic, of]) => ({
          topic,
          partitions: of.map(({ partition, records }) => ({
            partition,
            firstSequence: 0,
            messages: records.map(message),
          })),
        })),
      })) as ProduceAnswer | undefined
      if (settings.acks === 0) return batches.map(() => SENT)
      const codes = new Map(
        answer?.topics.flatMap(({ topicName: topic, partitions }) =>
          partitions.map(({ partition, errorCode }) => [partitionKey({ topic, partition }), errorCode] as const),
        ),
      )
      return await Promise.all(batches.map((batch) => resultOf(batch, codes.get(partitionKey(batch)))))
    } catch (error) {
      return batches.map((batch) => failed(error, 'send', batch))
    }
  }

  async function resultOf(batch: ProduceBatch, code: number | undefined): Promise<ProduceResult> {
    if (code === 0) return SENT
    if (code === undefined) return unanswered(batch)
    const error = protocolError(code)
    if (!isTopicMissing(error)) return failed(error, 'send', batch)
    // The topic may be gone, or its new leader may not know it yet.
    try {
      await cluster.refreshMetadata()
      return { error: kafkaError(error, 'send', fieldsOf(batch)), retriable: true }
    } catch (again) {
      return failed(again, 'send', batch)
    }
  }

  function failed(error: unknown, doing: string, batch: ProduceBatch | undefined): ProduceResult {
    const passing = isPassing(error)
    if (passing || isTopicMissing(error)) stale = true
    const what = batch ? `${doing} to partition ${batch.partition} of ${JSON.stringify(batch.topic)}` : doing
    return { error: kafkaError(error, what, batch && fieldsOf(batch)), retriable: passing }
  }

  return {
    async partitions(topic) {
      if (!open) throw closed('producer')
      try {
        return await persistently(
          async () => {
            await followTopic(cluster, topic)
            await refreshTopics(cluster, true)
            await followTopic(cluster, topic)
            return cluster.findTopicPartitionMetadata(topic).length
          },
          { patienceMs: client.connectTimeoutMs },
        )
      } catch (error) {
        throw kafkaError(error, `look for the topic ${JSON.stringify(topic)}`, { topic })
      }
    },
    async send(batches) {
      const sending = send(batches)
      under.add(sending)
      try {
        return await sending
      } finally {
        under.delete(sending)
      }
    },
    async close() {
      open = false
      await Promise.allSettled(under)
      await destroy()
    },
  }
}

const fieldsOf = ({ topic, partition }: ProduceBatch) => ({ topic, partition })

function unanswered(batch: ProduceBatch): ProduceResult {
  const text = `the broker did not say what became of partition ${batch.partition} of ${JSON.stringify(batch.topic)}`
  return { error: new SnapstreamError('KAFKA_FAILED', text, fieldsOf(batch)), retriable: true }
}

/** KafkaJS takes anything that is not a Buffer for text. */
const buffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

function message({ key, value, headers, timestamp }: ProduceRecord) {
  return {
    key: key && buffer(key),
    value: value && buffer(value),
    // As a number, 0 would be taken for none.
    timestamp: String(timestamp),
    ...(headers.length > 0 && { headers: headerObject(headers) }),
  }
}

/** Names in the order they came first; the values of a name in their order. */
function headerObject(headers: Headers): Record<string, Buffer[]> {
  const object = Object.create(null) as Record<string, Buffer[]>
  for (const [name, value] of headers) (object[name] ??= []).push(buffer(value))
  return object
}
