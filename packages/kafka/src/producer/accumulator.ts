import type { Host } from '@snapstream/core'
import { contentBytes } from '../driver/bytes.ts'
import type { ProduceRecord, TopicPartition } from '../driver/driver.ts'
import { tellDelivery } from './delivery-channel.ts'

/** The most records of a batch. A larger batch is faster neither for the client nor for the broker. */
const MAX_BATCH_RECORDS = 4000
/** The memory that a waiting record takes beside its payload. */
export const RECORD_HEAP_BYTES = 200
/** The most that the wire format adds to a record, without its headers. */
const RECORD_WIRE_BYTES = 24
const HEADER_WIRE_BYTES = 10

/** Learns the outcome of each record by one call of `acknowledged` (or `acknowledgedAt`), `failed` or `refused`. */
export interface DeliveryListener {
  acknowledged(): void
  /** Called in the place of `acknowledged` with the offset of the record, if the broker has told it. */
  acknowledgedAt?(offset: number): void
  failed(error: Error): void
  /** An attempt failed and another follows. Called once for a batch, however many of its records have this listener. */
  retried?(error: Error): void
  /** The broker refused this record, and would have taken the others. Default: `failed`. */
  refused?(error: Error, record: ProduceRecord, to: TopicPartition): void
}

/** Records of one partition that are sent together. */
export interface ProducerBatch {
  readonly records: readonly ProduceRecord[]
  /** The listener of each record. */
  readonly listeners: readonly DeliveryListener[]
  /** The sum of `wireBytes` of its records. */
  readonly bytes: number
  /** The time at which its first record was appended, in ms of the host's monotonic clock. */
  readonly createdAt: number
  /** The number of attempts that failed. */
  readonly attempts: number
}

interface OpenBatch extends ProducerBatch {
  readonly records: ProduceRecord[]
  readonly listeners: DeliveryListener[]
  bytes: number
  attempts: number
  /** The number of records that were refused and removed. They count as settled once the others are. */
  refused: number
  /** Whether the batch takes no more records: it was sent, or it is one half of a batch that was split. */
  closed: boolean
}

/** The memory of records until they are settled. A record may exceed the limit: its writer then waits for `room`. */
interface BufferMemory {
  /** In bytes. */
  readonly bytes: number
  /** Resolves when the limit is no longer exceeded; undefined while it is not. */
  readonly room: Promise<void> | undefined
}

/** Collects records into batches by partition, and counts the memory that they take. */
export interface Accumulator {
  readonly buffer: BufferMemory
  readonly queues: readonly PartitionQueue[]
  /** Makes the queue of a partition. Each partition has one. */
  addQueue(at: TopicPartition): PartitionQueue
  /** Fails every record that is not settled. */
  abort(error: Error): void
}

export interface AccumulatorOptions {
  readonly bufferBytes: number
  /** The most `wireBytes` of a batch with more than one record. */
  readonly maxBatchBytes: number
  readonly host: Pick<Host, 'monotonic'>
}

export function createAccumulator({ bufferBytes, maxBatchBytes, host }: AccumulatorOptions): Accumulator {
  const buffer = createBuffer(bufferBytes)
  const queues: PartitionQueue[] = []
  return {
    buffer,
    queues,
    addQueue(at) {
      const queue = new PartitionQueue(at, { maxBatchBytes, buffer, host })
      queues.push(queue)
      return queue
    },
    abort(error) {
      for (const queue of queues) while (queue.first !== undefined) queue.complete(error)
    },
  }
}

interface QueueOptions {
  readonly maxBatchBytes: number
  readonly buffer: ReturnType<typeof createBuffer>
  readonly host: Pick<Host, 'monotonic'>
}

/**
 * The batches of one partition, in order. Records are appended to the last one, and only the first one is sent. A class,
 * because every record uses its members: V8 optimizes methods of a class for all partitions together.
 */
export class PartitionQueue implements TopicPartition {
  readonly topic: string
  readonly partition: number
  readonly #options: QueueOptions
  readonly #batches: OpenBatch[] = []
  readonly #flushes: { readonly until: number; readonly resolve: () => void }[] = []
  #appended = 0
  #settled = 0

  constructor({ topic, partition }: TopicPartition, options: QueueOptions) {
    this.topic = topic
    this.partition = partition
    this.#options = options
  }

  get first(): ProducerBatch | undefined {
    return this.#batches[0]
  }

  /** Whether the first batch should be sent without waiting for more records: it is complete, or a flush waits for it. */
  get isDue(): boolean {
    const [first, next] = this.#batches
    return next !== undefined || this.#flushes.length > 0 || (first !== undefined && isComplete(first))
  }

  /** Whether no batch takes more records, or enough records wait behind the first batch. */
  get isFull(): boolean {
    const last = this.#batches.at(-1)
    return last === undefined || isComplete(last) || this.#batches.length > 2
  }

  /** Appends a record of so many `wireBytes`. Returns whether it began or completed a batch. */
  append(record: ProduceRecord, bytes: number, listener: DeliveryListener): boolean {
    const { maxBatchBytes, buffer, host } = this.#options
    let batch = this.#batches.at(-1)
    const begins = batch === undefined || isComplete(batch) || batch.bytes + bytes > maxBatchBytes
    if (batch === undefined || begins) {
      const createdAt = host.monotonic()
      batch = { records: [], listeners: [], bytes: 0, createdAt, attempts: 0, refused: 0, closed: false }
      this.#batches.push(batch)
    }
    batch.records.push(record)
    batch.listeners.push(listener)
    batch.bytes += bytes
    this.#appended++
    buffer.allocate(bytes + RECORD_HEAP_BYTES)
    return begins || isComplete(batch)
  }

  /** Closes the first batch, to be sent. */
  take(): ProducerBatch | undefined {
    const [first] = this.#batches
    if (first !== undefined) first.closed = true
    return first
  }

  /** Counts a failed attempt to send the first batch, which stays for another one. */
  retry(error: Error): void {
    const [first] = this.#batches
    if (first === undefined) return
    first.attempts++
    for (const listener of new Set(first.listeners)) listener.retried?.(error)
  }

  /**
   * Settles all records of the first batch: acknowledged, or failed with this error.
   *
   * @param baseOffset the offset of its first record, if it is known
   */
  complete(error?: Error, baseOffset?: number): void {
    const batch = this.#batches.shift()
    if (batch === undefined) return
    this.#options.buffer.free(memoryOf(batch))
    this.#settled += batch.records.length + batch.refused
    this.#tell(batch, batch.records.length, error)
    for (let i = 0; i < batch.listeners.length; i++) {
      const listener = batch.listeners[i] as DeliveryListener
      if (error !== undefined) listener.failed(error)
      else if (baseOffset !== undefined && listener.acknowledgedAt) listener.acknowledgedAt(baseOffset + i)
      else listener.acknowledged()
    }
    while (this.#flushes[0] !== undefined && this.#flushes[0].until <= this.#settled) this.#flushes.shift()?.resolve()
  }

  /** Removes the records of the first batch for which there is an error; the others stay, to be sent again. */
  refuse(errorOf: (record: ProduceRecord, index: number) => Error | undefined): void {
    const [batch] = this.#batches
    if (batch === undefined) return
    const rest: OpenBatch = { ...batch, records: [], listeners: [], bytes: 0 }
    this.#batches[0] = rest
    let last: Error | undefined
    batch.records.forEach((record, i) => {
      const listener = batch.listeners[i] as DeliveryListener
      const error = errorOf(record, i)
      last = error ?? last
      if (error === undefined) {
        rest.records.push(record)
        rest.listeners.push(listener)
        rest.bytes += wireBytes(record)
        return
      }
      rest.refused++
      if (listener.refused) listener.refused(error, record, this)
      else listener.failed(error)
    })
    this.#options.buffer.free(memoryOf(batch) - memoryOf(rest))
    this.#tell(batch, batch.records.length - rest.records.length, last)
    if (rest.records.length === 0) this.complete()
  }

  /** Tells of records of a batch that are settled. */
  #tell({ bytes, createdAt, records: { length } }: ProducerBatch, records: number, error: Error | undefined): void {
    if (records === 0) return
    const { topic, partition } = this
    tellDelivery(() => {
      const durationMs = this.#options.host.monotonic() - createdAt
      return { topic, partition, records, bytes: Math.round((bytes * records) / length), durationMs, error }
    })
  }

  /** Replaces the first batch with its two halves. */
  split(): void {
    const [batch] = this.#batches
    if (batch === undefined) return
    const middle = batch.records.length >> 1
    const half = (from: number, to: number, refused: number): OpenBatch => {
      const records = batch.records.slice(from, to)
      const bytes = records.reduce((sum, record) => sum + wireBytes(record), 0)
      return { ...batch, records, listeners: batch.listeners.slice(from, to), bytes, refused, closed: true }
    }
    this.#batches.splice(0, 1, half(0, middle, 0), half(middle, batch.records.length, batch.refused))
  }

  /** Resolves when every record appended so far is settled; undefined if that is the case already. */
  drained(): Promise<void> | undefined {
    if (this.#settled === this.#appended) return undefined
    return new Promise((resolve) => this.#flushes.push({ until: this.#appended, resolve }))
  }
}

function isComplete({ records, closed }: OpenBatch): boolean {
  return closed || records.length >= MAX_BATCH_RECORDS
}

function memoryOf({ bytes, records }: ProducerBatch): number {
  return bytes + records.length * RECORD_HEAP_BYTES
}

function createBuffer(limitBytes: number) {
  let resolveRoom: (() => void) | undefined
  const buffer = {
    bytes: 0,
    room: undefined as Promise<void> | undefined,
    allocate(bytes: number): void {
      buffer.bytes += bytes
      if (buffer.bytes > limitBytes) buffer.room ??= new Promise((resolve) => (resolveRoom = resolve))
    },
    free(bytes: number): void {
      buffer.bytes -= bytes
      if (buffer.room === undefined || buffer.bytes > limitBytes) return
      buffer.room = undefined
      resolveRoom?.()
    },
  }
  return buffer
}

/** An estimate of the size of a record on the wire, uncompressed, in bytes. It is never too small. */
export function wireBytes({ key, value, headers }: ProduceRecord): number {
  const bytes = RECORD_WIRE_BYTES + contentBytes(key) + contentBytes(value)
  if (headers instanceof Uint8Array) return bytes + headers.length
  let headerBytes = 0
  // UTF-8 takes at most 3 bytes a UTF-16 unit.
  for (const [name, content] of headers) headerBytes += HEADER_WIRE_BYTES + name.length * 3 + contentBytes(content)
  return bytes + headerBytes
}
