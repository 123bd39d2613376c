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
import type { Cluster } from '../cluster/cluster.ts'
import { KAFKA, kafkaErrorKind } from '../errors/error-table.ts'
import { brokerErrorCode, isRetriable, isTopicMissing, kafkaError, protocolError } from '../errors/kafka-error.ts'
import { retry } from '../errors/retry.ts'
import type { ProduceAnswer, ProduceRequest, ProducerIdAndEpoch } from '../protocol/connection.ts'
import type { BatchNumbers, NumberedBatch } from './sequences.ts'

type Results = readonly (readonly [ProduceBatch, ProduceResult])[]

const SENT: ProduceResult = {}

/** Sends batches to the leaders of their partitions: the part that all producers have in common. */
export function createSender(options: {
  readonly cluster: Cluster
  readonly client: ClientSettings
  readonly settings: Pick<ProducerSettings, 'acks' | 'compression'>
  readonly numbers: BatchNumbers
  /**
   * Called before batches get their numbers and are sent, with those whose topic exists. Resolves with the errors of batches
   * that must not be sent. If it rejects, all of them fail with that error.
   */
  readonly prepare?: (batches: readonly ProduceBatch[]) => Promise<ReadonlyMap<ProduceBatch, unknown>>
  /** The transaction of the batches that are sent now. Default: none. */
  readonly transaction?: () => ProduceRequest['transaction']
}): DriverProducer {
  const { cluster, client, numbers } = options
  const { acks, compression } = options.settings
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
    if (options.prepare) await prepare(batches, options.prepare, results)
    const ready = batches.filter((batch) => !results.has(batch))
    const answered = await Promise.all(
      [...groupBy(ready, cluster.metadata.leaderOf)].map(([leader, of]) => sendToLeader(leader, of)),
    )
    for (const [batch, result] of answered.flat()) results.set(batch, result)
    return batches.map((batch) => results.get(batch) ?? unanswered(batch))
  }

  async function prepare(
    batches: readonly ProduceBatch[],
    run: NonNullable<typeof options.prepare>,
    results: Map<ProduceBatch, ProduceResult>,
  ): Promise<void> {
    const exist = batches.filter((batch) => !results.has(batch) && cluster.metadata.leaderOf(batch) !== undefined)
    if (exist.length === 0) return
    try {
      for (const [batch, error] of await run(exist)) results.set(batch, await refusedFor(error, batch))
    } catch (error) {
      for (const batch of exist) results.set(batch, failed(error, batch))
    }
  }

  async function sendToLeader(leader: number | undefined, batches: readonly ProduceBatch[]): Promise<Results> {
    if (leader === undefined) return batches.map((batch) => [batch, withoutPartition(batch)])
    const numbered: NumberedBatch[] = []
    try {
      if (leader === -1) throw protocolError(KAFKA.LEADER_NOT_AVAILABLE)
      // Connect before sequences are used: a batch that was not sent has certainly not been written.
      await cluster.node(leader)
      for (const batch of batches) {
        const one = numbers.sequence(batch)
        numbered.push(one instanceof Promise ? await one : one)
      }
    } catch (error) {
      return batches.map((batch) => [batch, failed(error, batch)])
    }
    // A request has one producer id. Several are in use while partitions change from an old id to a new one.
    const byProducer = groupBy(numbered, ({ producer }) => producer)
    return (await Promise.all([...byProducer].map(([producer, of]) => request(leader, producer, of)))).flat()
  }

  async function request(
    leader: number,
    producer: ProducerIdAndEpoch | undefined,
    numbered: readonly NumberedBatch[],
  ): Promise<Results> {
    try {
      const connection = await cluster.node(leader)
      const transaction = options.transaction?.()
      const answers = await connection.produce({
        acks,
        timeoutMs: client.requestTimeoutMs,
        compression,
        ...(producer && { producer }),
        ...(transaction && { transaction }),
        batches: numbered.map(({ batch: { topic, partition, records }, firstSequence }) => ({
          topic,
          partition,
          records,
          firstSequence,
        })),
      })
      if (acks === 0) return numbered.map(({ batch }) => [batch, SENT] as const)
      const byPartition = new Map(answers.map((answer) => [partitionKey(answer), answer]))
      return await Promise.all(
        numbered.map(
          async (one) => [one.batch, await resultOf(one, byPartition.get(partitionKey(one.batch)))] as const,
        ),
      )
    } catch (error) {
      return numbered.map((one) => {
        numbers.settle(one, undefined)
        return [one.batch, failed(error, one.batch)] as const
      })
    }
  }

  async function resultOf(sent: NumberedBatch, answer: ProduceAnswer | undefined): Promise<ProduceResult> {
    const { batch } = sent
    const outcome = numbers.settle(sent, answer?.errorCode)
    if (outcome === 'written') return written(answer)
    if (answer === undefined) return unanswered(batch)
    const error = protocolError(answer.errorCode, answer.message)
    const refused = refusedRecords(answer)
    if (refused !== undefined) return { ...failed(error, batch), refused }
    if (outcome === 'out-of-sequence') {
      const { code } = kafkaError(error, 'send')
      return { ...failed(error, batch), retriable: code !== 'FENCED' }
    }
    return refusedFor(error, batch)
  }

  /** The result of a batch that was refused. */
  async function refusedFor(error: unknown, batch: ProduceBatch): Promise<ProduceResult> {
    if (!isTopicMissing(error)) return failed(error, batch)
    // The topic may be gone, or the broker may not know it yet.
    try {
      await cluster.metadata.request([batch.topic])
      return { error: kafkaError(error, 'send', fieldsOf(batch)), retriable: true }
    } catch (again) {
      return failed(again, batch)
    }
  }

  function failed(error: unknown, batch: ProduceBatch): { readonly error: Error; readonly retriable: boolean } {
    const retriable = isRetriable(error) || (SnapstreamError.is(error) && isRetriable(error.cause))
    // A busy coordinator does not mean that the leader of the partition has changed.
    const isBusy = brokerErrorCode(error) === KAFKA.CONCURRENT_TRANSACTIONS
    if ((retriable && !isBusy) || isTopicMissing(error)) state.isMetadataStale = true
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

/** The result of a batch that is in the log. The answer about a batch that was sent twice may not tell the offset. */
function written({ baseOffset = -1 }: Partial<ProduceAnswer> = {}): ProduceResult {
  return baseOffset < 0 ? SENT : { baseOffset }
}

const fieldsOf = ({ topic, partition }: ProduceBatch) => ({ topic, partition })

function unanswered(batch: ProduceBatch): ProduceResult {
  const text = `the broker did not answer for partition ${batch.partition} of ${JSON.stringify(batch.topic)}`
  return { error: new SnapstreamError('KAFKA_FAILED', text, fieldsOf(batch)), retriable: true }
}
