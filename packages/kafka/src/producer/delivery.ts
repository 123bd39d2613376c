import { SnapstreamError, toError } from '@snapstream/core'
import type { Host } from '@snapstream/core'
import type { ProducerDefaults } from '../conf/resolve-settings.ts'
import type { DriverProducer, ProduceRecord, ProduceResult } from '../driver/driver.ts'
import type { PartitionQueue, QueuedBatch } from './partition-queue.ts'
import { wireBytes } from './record-size.ts'

const FIRST_BACKOFF_MS = 100
const MAX_BACKOFF_MS = 1000

export interface SenderOptions {
  readonly producer: DriverProducer
  readonly host: Host
  readonly settings: ProducerDefaults
  /** So many bytes are not waiting any more. */
  freed(bytes: number): void
  /** The queue is not busy any more. */
  ready(queue: PartitionQueue): void
}

/** Sends first batches, again and again where that may help, and tells their owners what became of them. */
export interface Sender {
  /** Never rejects. */
  send(queues: readonly PartitionQueue[]): Promise<void>
  /** Nothing is sent again. */
  stop(): void
}

export function createSender({ producer, host, settings, freed, ready }: SenderOptions): Sender {
  const { deliveryTimeoutMs } = settings
  const cancels = new Set<() => void>()
  let stopped = false

  async function send(queues: readonly PartitionQueue[]): Promise<void> {
    const sent: { readonly queue: PartitionQueue; readonly batch: QueuedBatch }[] = []
    for (const queue of queues) {
      const batch = queue.take()
      if (batch === undefined || stopped) continue
      queue.busy = true
      sent.push({ queue, batch })
    }
    if (sent.length === 0) return
    const results = await attempt(sent)
    if (stopped) return
    sent.forEach(({ queue, batch }, i) => settle(queue, batch, results[i] ?? MISSING))
  }

  async function attempt(
    sent: readonly { readonly queue: PartitionQueue; readonly batch: QueuedBatch }[],
  ): Promise<readonly ProduceResult[]> {
    try {
      return await producer.send(
        sent.map(({ queue: { topic, partition }, batch: { records } }) => ({ topic, partition, records })),
      )
    } catch (thrown) {
      // A driver answers for each batch and does not throw: sending again would only hide what is broken.
      return sent.map(() => ({ error: toError(thrown), retriable: false }))
    }
  }

  function settle(queue: PartitionQueue, batch: QueuedBatch, result: ProduceResult): void {
    const { error } = result
    if (error === undefined) freed(queue.settle())
    else if (isTooLarge(error) || result.refused !== undefined) refuse(queue, batch, error, result.refused)
    else if (!result.retriable) freed(queue.settle(failed(queue, batch, error)))
    else {
      const leftMs = batch.since + deliveryTimeoutMs - host.monotonic()
      if (leftMs > 0) {
        again(queue, batch, leftMs, error)
        return
      }
      expire(queue, error)
    }
    queue.busy = false
    ready(queue)
  }

  /** Takes out what the broker does not take, so that the others are written; where it is not known which, looks for it. */
  function refuse(
    queue: PartitionQueue,
    batch: QueuedBatch,
    cause: Error,
    reasons: ReadonlyMap<number, string> = NONE,
  ) {
    const { length } = batch.records
    if (length === 1) freed(queue.refuse((_, record) => refused(queue, record, cause, reasons.get(0))))
    else if (batch.records.every((_, i) => !reasons.has(i))) queue.split()
    else
      freed(queue.refuse((i, record) => (reasons.has(i) ? refused(queue, record, cause, reasons.get(i)) : undefined)))
  }

  function again(queue: PartitionQueue, batch: QueuedBatch, leftMs: number, error: Error): void {
    const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** batch.attempts, MAX_BACKOFF_MS, leftMs)
    queue.failedOnce(error)
    const cancel = host.setTimeout(() => {
      cancels.delete(cancel)
      queue.busy = false
      ready(queue)
    }, backoffMs)
    cancels.add(cancel)
  }

  /** Gives up everything in the queue whose time is over; what is younger is still tried. */
  function expire(queue: PartitionQueue, cause: Error): void {
    const now = host.monotonic()
    for (let batch = queue.batches[0]; batch && batch.since + deliveryTimeoutMs <= now; batch = queue.batches[0])
      freed(queue.settle(expired(queue, batch, cause, deliveryTimeoutMs)))
  }

  return {
    send,
    stop() {
      stopped = true
      for (const cancel of cancels) cancel()
      cancels.clear()
    },
  }
}

const MISSING: ProduceResult = {
  error: new SnapstreamError('KAFKA_FAILED', 'the driver did not answer for a batch'),
  retriable: true,
}

function isTooLarge(error: Error): boolean {
  return SnapstreamError.is(error) && error.code === 'RECORD_TOO_LARGE'
}

const NONE: ReadonlyMap<number, string> = new Map()

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

function failed(queue: PartitionQueue, batch: QueuedBatch, cause: Error): SnapstreamError {
  const { topic, partition } = queue
  return new SnapstreamError(
    SnapstreamError.is(cause) ? cause.code : 'KAFKA_FAILED',
    `${recordsOf(batch)} for partition ${partition} of ${JSON.stringify(topic)} failed, and would fail again: ${cause.message}`,
    fieldsOf(queue, batch, cause),
  )
}

function expired(queue: PartitionQueue, batch: QueuedBatch, cause: Error, timeoutMs: number): SnapstreamError {
  const { topic, partition } = queue
  return new SnapstreamError(
    SnapstreamError.is(cause) ? cause.code : 'KAFKA_FAILED',
    `${recordsOf(batch)} for partition ${partition} of ${JSON.stringify(topic)} could not be delivered within ` +
      `deliveryTimeoutMs (${timeoutMs}): ${cause.message}; ` +
      `see to the brokers, or raise deliveryTimeoutMs if they need longer`,
    fieldsOf(queue, batch, cause),
  )
}

function fieldsOf({ topic, partition }: PartitionQueue, { records }: QueuedBatch, cause: Error) {
  return { topic, partition, cause, ...(records.length === 1 && keyField(records[0])) }
}

function keyField(record: ProduceRecord | undefined) {
  return record?.key ? { key: keyOf(record.key) } : {}
}

/** As text, where it is some. */
function keyOf(key: Uint8Array | string): unknown {
  if (typeof key === 'string') return key
  try {
    return strict.decode(key)
  } catch {
    return key
  }
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function recordsOf({ records }: QueuedBatch): string {
  return records.length === 1 ? 'a record' : `${records.length} records`
}
