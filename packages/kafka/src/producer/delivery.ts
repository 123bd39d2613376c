import { SnapstreamError, toError } from '@snapstream/core'
import type { Host } from '@snapstream/core'
import type { DriverProducer, ProduceRecord, ProduceResult } from '../driver/driver.ts'
import { wireBytes } from './accumulator.ts'
import type { PartitionQueue, ProducerBatch } from './accumulator.ts'

const FIRST_BACKOFF_MS = 100
const MAX_BACKOFF_MS = 1000

/** Sends batches, and settles their records by the results. */
export interface Delivery {
  /**
   * Sends the first batch of each queue in one request, and settles the batches once all have a result. Resolves with the
   * queues whose first batch has to be sent again, and the pause before that in ms. Never rejects.
   */
  send(queues: readonly PartitionQueue[]): Promise<ReadonlyMap<PartitionQueue, number>>
}

export interface DeliveryOptions {
  readonly producer: Pick<DriverProducer, 'send'>
  /** The age at which a batch that cannot be sent is given up. */
  readonly deliveryTimeoutMs: number
  readonly host: Pick<Host, 'monotonic'>
}

export function createDelivery({ producer, deliveryTimeoutMs, host }: DeliveryOptions): Delivery {
  async function attempt(sent: readonly Sent[]): Promise<readonly ProduceResult[]> {
    try {
      return await producer.send(
        sent.map(({ queue: { topic, partition }, batch: { records } }) => ({ topic, partition, records })),
      )
    } catch (thrown) {
      // A driver returns a result for each batch and must not throw: sending again would only hide the defect.
      return sent.map(() => ({ error: toError(thrown), retriable: false }))
    }
  }

  /** Settles a batch, or returns the pause in ms before it is sent again. */
  function settle(sent: Sent, result: ProduceResult): number | undefined {
    const { queue, batch } = sent
    const { error } = result
    // Every batch failed meanwhile, as the producer was closed.
    if (queue.first !== batch) return undefined
    if (error === undefined) queue.complete(undefined, result.baseOffset)
    else if (isTooLarge(error) || result.refused !== undefined) refuse(sent, error, result.refused)
    else if (!result.retriable)
      queue.complete(notDelivered(sent, error, `failed, and would fail again: ${error.message}`))
    else {
      const leftMs = batch.createdAt + deliveryTimeoutMs - host.monotonic()
      if (leftMs > 0) {
        const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** batch.attempts, MAX_BACKOFF_MS, leftMs)
        queue.retry(error)
        return backoffMs
      }
      expire(queue, error)
    }
    return undefined
  }

  /** Fails all batches of the queue whose time is over. Younger batches are still sent. */
  function expire(queue: PartitionQueue, cause: Error): void {
    const now = host.monotonic()
    const what =
      `could not be delivered within deliveryTimeoutMs (${deliveryTimeoutMs}): ${cause.message}; ` +
      'check the brokers, or raise deliveryTimeoutMs if they need longer'
    for (let batch = queue.first; batch && batch.createdAt + deliveryTimeoutMs <= now; batch = queue.first)
      queue.complete(notDelivered({ queue, batch }, cause, what))
  }

  return {
    async send(queues) {
      const sent = queues.flatMap((queue): Sent[] => {
        const batch = queue.take()
        return batch === undefined ? [] : [{ queue, batch }]
      })
      const results = await attempt(sent)
      const backoffs = new Map<PartitionQueue, number>()
      sent.forEach((one, i) => {
        const backoffMs = settle(one, results[i] ?? UNANSWERED)
        if (backoffMs !== undefined) backoffs.set(one.queue, backoffMs)
      })
      return backoffs
    },
  }
}

/** The first batch of a queue, in a request. */
interface Sent {
  readonly queue: PartitionQueue
  readonly batch: ProducerBatch
}

const UNANSWERED: ProduceResult = {
  error: new SnapstreamError('KAFKA_FAILED', 'the driver did not answer for a batch'),
  retriable: true,
}

function isTooLarge(error: Error): boolean {
  return SnapstreamError.is(error) && error.code === 'RECORD_TOO_LARGE'
}

/**
 * Removes the records that the broker refused, so that the others are written. If the broker names none of them, the batch
 * is split, and split again, until they are found.
 *
 * @param reasons by the index of the record
 */
function refuse({ queue, batch }: Sent, cause: Error, reasons: ReadonlyMap<number, string> = new Map()): void {
  const isAlone = batch.records.length === 1
  if (!isAlone && !batch.records.some((_, i) => reasons.has(i))) {
    queue.split()
    return
  }
  queue.refuse((record, i) => {
    if (isAlone || reasons.has(i)) return refused(queue, record, { cause, reason: reasons.get(i) ?? cause.message })
    return undefined
  })
}

function refused(
  { topic, partition }: PartitionQueue,
  record: ProduceRecord,
  { cause, reason }: { readonly cause: Error; readonly reason: string },
): SnapstreamError {
  const fields = { topic, partition, cause, ...keyField(record) }
  if (isTooLarge(cause))
    return new SnapstreamError(
      'RECORD_TOO_LARGE',
      `a record of about ${wireBytes(record)} bytes is larger than the topic ${JSON.stringify(topic)} takes; send less in ` +
        'one record, or raise max.message.bytes of the topic',
      fields,
    )
  return new SnapstreamError(
    'SINK_REFUSED',
    `the broker refused a record for partition ${partition} of ${JSON.stringify(topic)}: ${reason}; ` +
      'write records that the topic accepts, or change its settings',
    fields,
  )
}

function notDelivered({ queue, batch }: Sent, cause: Error, what: string): SnapstreamError {
  const { topic, partition } = queue
  const { records } = batch
  const isAlone = records.length === 1
  const subject = isAlone ? 'a record' : `${records.length} records`
  return new SnapstreamError(
    SnapstreamError.is(cause) ? cause.code : 'KAFKA_FAILED',
    `${subject} for partition ${partition} of ${JSON.stringify(topic)} ${what}`,
    { topic, partition, cause, ...(isAlone && keyField(records[0])) },
  )
}

function keyField(record: ProduceRecord | undefined) {
  return record?.key ? { key: keyOf(record.key) } : {}
}

/** A key for error messages: text if it is UTF-8, else bytes. */
function keyOf(key: Uint8Array | string): unknown {
  if (typeof key === 'string') return key
  try {
    return strict.decode(key)
  } catch {
    return key
  }
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
