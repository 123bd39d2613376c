import { SnapstreamError } from '@snapstream/core'
import { closed, partitionMissing } from '../../driver/driver-error.ts'
import type {
  ClientSettings,
  DriverProducer,
  ProduceBatch,
  ProduceResult,
  ProducerSettings,
} from '../../driver/driver.ts'
import { groupBy, partitionKey } from '../../driver/topic-partition.ts'
import { openCluster } from '../cluster/cluster.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { KAFKA, kafkaErrorKind } from '../errors/error-table.ts'
import { isRetriable, isTopicMissing, kafkaError, oddAnswer, protocolError, throwFor } from '../errors/kafka-error.ts'
import { retry } from '../errors/retry.ts'
import type { Connect, ProduceAnswer } from '../protocol/connection.ts'
import { createIdempotence, outcomeOf } from './idempotence.ts'
import type { ProducerIdAndEpoch } from './idempotence.ts'

/** A batch, and how brokers recognize it when it is sent again. */
interface SequencedBatch {
  readonly batch: ProduceBatch
  /** Undefined without idempotence. */
  readonly producer: ProducerIdAndEpoch | undefined
  readonly firstSequence: number
}

type Results = readonly (readonly [ProduceBatch, ProduceResult])[]

const SENT: ProduceResult = {}

/** Makes a producer over the connections of a client library. Rejects with `USAGE` or `BROKER_UNREACHABLE`. */
export async function wireProducer(
  connect: Connect,
  client: ClientSettings,
  { acks, compression, idempotence: isIdempotent }: ProducerSettings,
): Promise<DriverProducer> {
  if (isIdempotent && acks !== -1)
    throw new SnapstreamError(
      'USAGE',
      `acks of an idempotent producer has to be -1 (all in-sync replicas), got ${acks}`,
    )
  const cluster = await openCluster(client, connect)
  const idempotence = isIdempotent ? createIdempotence(() => initProducerId(cluster, client)) : undefined
  const state = {
    isOpen: true,
    /** Whether the next request needs newer metadata: an answer contradicted it, or a connection failed. */
    isMetadataStale: false,
    underWay: new Set<Promise<unknown>>(),
  }

  async function send(batches: readonly ProduceBatch[]): Promise<readonly ProduceResult[]> {
    const results = new Map<ProduceBatch, ProduceResult>()
    try {
      if (!state.isOpen) throw closed('producer')
      if (state.isMetadataStale) {
        await cluster.metadata.refresh(true)
        state.isMetadataStale = false
      }
      await cluster.metadata.refreshIfStale()
    } catch (error) {
      return batches.map((batch) => failed(error, batch))
    }
    for (const [topic, of] of groupBy(batches, (batch) => batch.topic)) {
      await cluster.metadata.add(topic).catch((error: unknown) => {
        for (const batch of of) results.set(batch, failed(error, batch))
      })
    }
    const withTopic = batches.filter((batch) => !results.has(batch))
    const answered = await Promise.all(
      [...groupBy(withTopic, cluster.metadata.leaderOf)].map(([leader, of]) => sendToLeader(leader, of)),
    )
    for (const [batch, result] of answered.flat()) results.set(batch, result)
    return batches.map((batch) => results.get(batch) ?? unanswered(batch))
  }

  async function sendToLeader(leader: number | undefined, batches: readonly ProduceBatch[]): Promise<Results> {
    if (leader === undefined) return batches.map((batch) => [batch, withoutPartition(batch)])
    const sequenced: SequencedBatch[] = []
    try {
      if (leader === -1) throw protocolError(KAFKA.LEADER_NOT_AVAILABLE)
      // Connect before sequences are used: a batch that was not sent has certainly not been written.
      await cluster.node(leader)
      for (const batch of batches)
        sequenced.push(
          idempotence ? await idempotence.sequence(batch) : { batch, producer: undefined, firstSequence: -1 },
        )
    } catch (error) {
      return batches.map((batch) => [batch, failed(error, batch)])
    }
    // A request has one producer id. Several are in use while partitions change from an old id to a new one.
    const byProducer = groupBy(sequenced, ({ producer }) => producer)
    return (await Promise.all([...byProducer].map(([producer, of]) => request(leader, producer, of)))).flat()
  }

  async function request(
    leader: number,
    producer: ProducerIdAndEpoch | undefined,
    sequenced: readonly SequencedBatch[],
  ): Promise<Results> {
    try {
      const connection = await cluster.node(leader)
      const answers = await connection.produce({
        acks,
        timeoutMs: client.requestTimeoutMs,
        compression,
        ...(producer && { producer }),
        batches: sequenced.map(({ batch: { topic, partition, records }, firstSequence }) => ({
          topic,
          partition,
          records,
          firstSequence,
        })),
      })
      if (acks === 0) return sequenced.map(({ batch }) => [batch, SENT] as const)
      const byPartition = new Map(answers.map((answer) => [partitionKey(answer), answer]))
      return await Promise.all(
        sequenced.map(
          async ({ batch }) => [batch, await resultOf(batch, byPartition.get(partitionKey(batch)))] as const,
        ),
      )
    } catch (error) {
      return sequenced.map(({ batch }) => {
        idempotence?.settle(batch, undefined)
        return [batch, failed(error, batch)] as const
      })
    }
  }

  async function resultOf(batch: ProduceBatch, answer: ProduceAnswer | undefined): Promise<ProduceResult> {
    const errorCode = answer?.errorCode
    const outcome = idempotence ? idempotence.settle(batch, errorCode) : outcomeOf(errorCode)
    if (outcome === 'written') return SENT
    if (answer === undefined) return unanswered(batch)
    const error = protocolError(answer.errorCode, answer.message)
    const refused = refusedRecords(answer)
    if (refused !== undefined) return { ...failed(error, batch), refused }
    if (outcome === 'out-of-sequence') {
      const { code } = kafkaError(error, 'send')
      return { ...failed(error, batch), retriable: idempotence !== undefined && code !== 'FENCED' }
    }
    if (!isTopicMissing(error)) return failed(error, batch)
    // The topic may be gone, or its new leader may not know it yet.
    try {
      await cluster.metadata.request([batch.topic])
      return { error: kafkaError(error, 'send', fieldsOf(batch)), retriable: true }
    } catch (again) {
      return failed(again, batch)
    }
  }

  function failed(error: unknown, batch: ProduceBatch): { readonly error: Error; readonly retriable: boolean } {
    const retriable = isRetriable(error)
    if (retriable || isTopicMissing(error)) state.isMetadataStale = true
    const doing = `send to partition ${batch.partition} of ${JSON.stringify(batch.topic)}`
    return { error: kafkaError(error, doing, fieldsOf(batch)), retriable }
  }

  function withoutPartition({ topic, partition }: ProduceBatch): ProduceResult {
    const error = partitionMissing(topic, partition, cluster.metadata.partitions(topic).length)
    return { error, retriable: false }
  }

  return {
    async partitions(topic) {
      if (!state.isOpen) throw closed('producer')
      const count = async () => {
        await cluster.metadata.request([topic])
        return cluster.metadata.partitions(topic).length
      }
      try {
        return await retry(count, { patienceMs: client.connectTimeoutMs })
      } catch (error) {
        throw kafkaError(error, `look for the topic ${JSON.stringify(topic)}`, { topic })
      }
    },
    async send(batches) {
      const sending = send(batches)
      state.underWay.add(sending)
      try {
        return await sending
      } finally {
        state.underWay.delete(sending)
      }
    },
    async close() {
      state.isOpen = false
      await Promise.allSettled(state.underWay)
      await cluster.destroy()
    },
  }
}

/**
 * Requests a producer id, with retries, as no batch is in flight yet. A broker gives out no producer ids for a while after its
 * start.
 */
async function initProducerId(
  cluster: Cluster,
  { connectTimeoutMs }: Pick<ClientSettings, 'connectTimeoutMs'>,
): Promise<ProducerIdAndEpoch> {
  const ask = async () => {
    const answer = await (await cluster.any()).initProducerId()
    throwFor(answer)
    const { producerId, producerEpoch } = answer
    if (producerId < 0 || producerEpoch < 0)
      throw oddAnswer('InitProducerId', `the id ${producerId} with the epoch ${producerEpoch}`)
    return { producerId, producerEpoch }
  }
  return retry(ask, { patienceMs: connectTimeoutMs })
}

/** The error codes of a batch that the broker refuses for the contents of its records. */
const ABOUT_RECORDS = new Set([
  32, // INVALID_TIMESTAMP
  44, // POLICY_VIOLATION
  87, // INVALID_RECORD
])
const MAX_REASON_LENGTH = 1000

/** The reasons why records were refused, by their index; empty if the broker names no record. Undefined for any other error. */
function refusedRecords({
  errorCode,
  recordErrors = [],
  message,
}: ProduceAnswer): ReadonlyMap<number, string> | undefined {
  if (!ABOUT_RECORDS.has(errorCode)) return undefined
  const { name } = kafkaErrorKind(errorCode)
  return new Map(
    recordErrors.map(({ index, message: reason = message ?? 'no reason was given' }) => [
      index,
      `${reason.slice(0, MAX_REASON_LENGTH)} (${name})`,
    ]),
  )
}

const fieldsOf = ({ topic, partition }: ProduceBatch) => ({ topic, partition })

function unanswered(batch: ProduceBatch): ProduceResult {
  const text = `the broker did not answer for partition ${batch.partition} of ${JSON.stringify(batch.topic)}`
  return { error: new SnapstreamError('KAFKA_FAILED', text, fieldsOf(batch)), retriable: true }
}
