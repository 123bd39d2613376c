import { SnapstreamError, toError } from '@snapstream/core'
import type { Host } from '@snapstream/core'
import type { DriverProducer, ProduceRecord, ProduceResult } from '../driver/driver.ts'
import { wireBytes } from './accumulator.ts'
import type { PartitionQueue, ProducerBatch } from './accumulator.ts'

const FIRST_BACKOFF_MS = 100
const MAX_BACKOFF_MS = 1000

/** Sends batches, and settles their records by what is answered. */
export interface Delivery {
  /**
   * Sends the first batch of each queue in one request. Resolves when all are answered, with the queues whose first batch
   * is to be sent again after a pause, in ms. Never rejects.
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
      // A driver answers for each batch and does not throw: to send again would only hide what is broken.
      return sent.map(() => ({ error: toError(thrown), retriable: false }))
    }
  }

  /** Answers the pause before the batch is sent again, in ms; undefined if it is not. */
  function settle({ queue, batch }: Sent, result: ProduceResult): number | undefined {
    const { error } = result
    // Aborted meanwhile.
    if (queue.first !== batch) return undefined
    if (error === undefined) queue.complete()
    else if (isTooLarge(error) || result.refused !== undefined) refuse(queue, batch, error, result.refused)
    else if (!result.retriable) queue.complete(failed(queue, batch, error))
    else {
      const leftMs = batch.createdAt + deliveryTimeoutMs - host.monotonic()
      if (leftMs <= 0) expire(queue, error)
      else {
        const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** batch.attempts, MAX_BACKOFF_MS, leftMs)
        queue.retry(error)
        return backoffMs
      }
    }
    return undefined
  }

  /** Fails all batches of the queue whose time is over; a younger one is still sent. */
  function expire(queue: PartitionQueue, cause: Error): void {
    const now = host.monotonic()
    for (let { first } = queue; first && first.createdAt + deliveryTimeoutMs <= now; { first } = queue)
      queue.complete(expired(queue, first, cause, deliveryTimeoutMs))
  }

  return {
    async send(queues) {
      const sent: Sent[] = []
      for (const queue of queues) {
        const batch = queue.take()
        if (batch !== undefined) sent.push({ queue, batch })
      }
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

interface Sent {
  readonly queue: PartitionQueue
  readonly batch: ProducerBatch
}

/**
 * Removes the records that the broker refused from a batch, so that the others are written. If the broker does not name
 * them, the batch is split until they are found.
 */
function refuse(queue: PartitionQueue, batch: ProducerBatch, cause: Error, reasons: Reasons = new Map()): void {
  if (batch.records.length === 1) queue.refuse((record) => refused(queue, record, cause, reasons.get(0)))
  else if (batch.records.some((_, i) => reasons.has(i)))
    queue.refuse((record, i) => (reasons.has(i) ? refused(queue, record, cause, reasons.get(i)) : undefined))
  else queue.split()
}

/** Why records were refused, by their index in the batch. */
type Reasons = ReadonlyMap<number, string>

const UNANSWERED: ProduceResult = {
  error: new SnapstreamError('KAFKA_FAILED', 'the driver did not answer for a batch'),
  retriable: true,
}

function isTooLarge(error: Error): boolean {
  return SnapstreamError.is(error) && error.code === 'RECORD_TOO_LARGE'
}

function refused(queue: PartitionQueue, record: ProduceRecord, cause: Error, reason = cause.message): SnapstreamError {
  const { topic, partition } = queue
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
      'write what the topic takes, or change its settings',
    fields,
  )
}

function failed(queue: PartitionQueue, batch: ProducerBatch, cause: Error): SnapstreamError {
  return notDelivered(queue, batch, cause, `failed, and would fail again: ${cause.message}`)
}

function expired(queue: PartitionQueue, batch: ProducerBatch, cause: Error, timeoutMs: number): SnapstreamError {
  return notDelivered(
    queue,
    batch,
    cause,
    `could not be delivered within deliveryTimeoutMs (${timeoutMs}): ${cause.message}; ` +
      'see to the brokers, or raise deliveryTimeoutMs if they need longer',
  )
}

function notDelivered(
  { topic, partition }: PartitionQueue,
  { records }: ProducerBatch,
  cause: Error,
  what: string,
): SnapstreamError {
  const [record] = records
  const isOne = records.length === 1
  return new SnapstreamError(
    SnapstreamError.is(cause) ? cause.code : 'KAFKA_FAILED',
    `${isOne ? 'a record' : `${records.length} records`} for partition ${partition} of ${JSON.stringify(topic)} ${what}`,
    { topic, partition, cause, ...(isOne && keyField(record)) },
  )
}

function keyField(record: ProduceRecord | undefined) {
  return record?.key ? { key: keyOf(record.key) } : {}
}

/** As text if it is UTF-8. */
function keyOf(key: Uint8Array | string): unknown {
  if (typeof key === 'string') return key
  try {
    return strict.decode(key)
  } catch {
    return key
  }
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
