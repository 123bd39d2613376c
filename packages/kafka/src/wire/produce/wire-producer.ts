import { SnapstreamError } from '@snapstream/core'
import { closed, partitionMissing } from '../../driver/driver-error.ts'
import type {
  ClientSettings,
  DriverProducer,
  ProduceBatch,
  ProduceResult,
  ProducerSettings,
} from '../../driver/driver.ts'
import { groupBy } from '../../driver/group-by.ts'
import { partitionKey } from '../../driver/partition-key.ts'
import { openCluster } from '../cluster/cluster.ts'
import type { Connect, ProduceAnswer } from '../protocol/connection.ts'
import { KAFKA } from '../errors/error-table.ts'
import { isRetriable, isTopicMissing, kafkaError, protocolError, throwFor } from '../errors/kafka-error.ts'
import { oddAnswer } from '../errors/odd-answer.ts'
import { retry } from '../errors/retry.ts'
import { produceOutcome, refusedRecords } from './produce-outcome.ts'
import { sequences } from './idempotence.ts'
import type { ProducerIdentity } from './idempotence.ts'

const SENT: ProduceResult = {}
const NOT_NUMBERED = { identity: undefined, firstSequence: -1 }

export async function wireProducer(
  connect: Connect,
  client: ClientSettings,
  settings: ProducerSettings,
): Promise<DriverProducer> {
  const { acks, compression, idempotence } = settings
  if (idempotence && acks !== -1)
    throw new SnapstreamError(
      'USAGE',
      `acks of an idempotent producer has to be -1 (all in-sync replicas), got ${acks}`,
    )
  const cluster = await openCluster(client, connect)
  const numbering = idempotence ? sequences(initialize) : undefined
  let open = true
  /** What is known of the cluster is out of date. */
  let stale = false
  const under = new Set<Promise<unknown>>()

  /** Tried again here: nothing is on its way yet, and a broker that has only just started knows no producers for a while. */
  async function initialize(): Promise<ProducerIdentity> {
    const ask = async () => {
      const answer = await (await cluster.any()).initProducerId()
      throwFor(answer)
      const { producerId, producerEpoch } = answer
      if (producerId < 0 || producerEpoch < 0)
        throw oddAnswer('InitProducerId', `the id ${producerId} with the epoch ${producerEpoch}`)
      return answer
    }
    const { producerId, producerEpoch } = await retry(ask, { patienceMs: client.connectTimeoutMs })
    return { producerId, producerEpoch }
  }

  async function send(batches: readonly ProduceBatch[]): Promise<ProduceResult[]> {
    const results = new Map<ProduceBatch, ProduceResult>()
    try {
      if (!open) throw closed('producer')
      if (stale) {
        await cluster.metadata.refresh(true)
        stale = false
      }
      await cluster.metadata.refreshIfStale()
    } catch (error) {
      return batches.map((batch) => failed(error, batch))
    }
    for (const topic of new Set(batches.map((batch) => batch.topic))) {
      await cluster.metadata.add(topic).catch((error: unknown) => {
        for (const batch of batches) if (batch.topic === topic) results.set(batch, failed(error, batch))
      })
    }
    const byLeader = groupBy(
      batches.filter((batch) => !results.has(batch)),
      cluster.metadata.leaderOf,
    )
    await Promise.all(
      [...byLeader].map(async ([leader, of]) => {
        for (const [batch, result] of await sendTo(leader, of)) results.set(batch, result)
      }),
    )
    return batches.map((batch) => results.get(batch) ?? unanswered(batch))
  }

  async function sendTo(
    leader: number | undefined,
    batches: readonly ProduceBatch[],
  ): Promise<(readonly [ProduceBatch, ProduceResult])[]> {
    if (leader === undefined)
      return batches.map((batch) => {
        const { topic, partition } = batch
        const error = partitionMissing(topic, partition, cluster.metadata.partitions(topic).length)
        return [batch, { error, retriable: false }]
      })
    const numbered: { batch: ProduceBatch; identity: ProducerIdentity | undefined; firstSequence: number }[] = []
    try {
      if (leader === -1) throw protocolError(KAFKA.LEADER_NOT_AVAILABLE)
      // Connected before the batches are numbered: what was not sent is not in doubt.
      await cluster.node(leader)
      for (const batch of batches) numbered.push({ batch, ...((await numbering?.number(batch)) ?? NOT_NUMBERED) })
    } catch (error) {
      return batches.map((batch) => [batch, failed(error, batch)])
    }
    // A request speaks for one producer. There are several for as long as partitions are between an old and a new one.
    const byIdentity = groupBy(numbered, ({ identity }) => identity)
    const outcomes = [...byIdentity].map(async ([producer, of]) => {
      const request = {
        acks,
        timeoutMs: client.requestTimeoutMs,
        compression,
        ...(producer && { producer }),
        batches: of.map(({ batch: { topic, partition, records }, firstSequence }) => ({
          topic,
          partition,
          records,
          firstSequence,
        })),
      }
      try {
        const answers = await (await cluster.node(leader)).produce(request)
        if (acks === 0) return of.map(({ batch }) => [batch, SENT] as const)
        const byKey = new Map(answers.map((answer) => [partitionKey(answer), answer]))
        return await Promise.all(
          of.map(async ({ batch }) => [batch, await resultOf(batch, byKey.get(partitionKey(batch)))] as const),
        )
      } catch (error) {
        return of.map(({ batch }) => {
          numbering?.settle(batch, 'unknown')
          return [batch, failed(error, batch)] as const
        })
      }
    })
    return (await Promise.all(outcomes)).flat()
  }

  async function resultOf(batch: ProduceBatch, answer: ProduceAnswer | undefined): Promise<ProduceResult> {
    const errorCode = answer?.errorCode
    // Written by an earlier try whose answer got lost. On a first try it is about other records.
    const duplicate = errorCode === KAFKA.DUPLICATE_SEQUENCE_NUMBER
    const written = duplicate && numbering?.mayBeWritten(batch) === true
    const outcome = written ? 'written' : duplicate ? 'lost-track' : produceOutcome(errorCode)
    numbering?.settle(batch, outcome)
    if (outcome === 'written') return SENT
    if (answer === undefined) return unanswered(batch)
    const error = protocolError(answer.errorCode, answer.message)
    const refused = refusedRecords(answer)
    if (refused !== undefined) return { ...failed(error, batch), refused }
    if (outcome === 'lost-track') {
      const { code } = kafkaError(error, 'send')
      return { ...failed(error, batch), retriable: numbering !== undefined && code !== 'FENCED' }
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
    if (retriable || isTopicMissing(error)) stale = true
    const doing = `send to partition ${batch.partition} of ${JSON.stringify(batch.topic)}`
    return { error: kafkaError(error, doing, fieldsOf(batch)), retriable }
  }

  return {
    async partitions(topic) {
      if (!open) throw closed('producer')
      try {
        return await retry(
          async () => {
            await cluster.metadata.request([topic])
            return cluster.metadata.partitions(topic).length
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
      await cluster.destroy()
    },
  }
}

const fieldsOf = ({ topic, partition }: ProduceBatch) => ({ topic, partition })

function unanswered(batch: ProduceBatch): ProduceResult {
  const text = `the broker did not say what became of partition ${batch.partition} of ${JSON.stringify(batch.topic)}`
  return { error: new SnapstreamError('KAFKA_FAILED', text, fieldsOf(batch)), retriable: true }
}
