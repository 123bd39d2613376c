import type { ProduceRecord, TopicPartition } from '../driver/driver.ts'
import { RECORD_HEAP_BYTES, wireBytes } from './record-size.ts'

/** A larger batch is not faster, neither for the client nor for the broker. */
const MAX_BATCH_RECORDS = 4000

/** Who wants to know what becomes of a record. */
export interface Owner {
  acknowledged(): void
  failed(error: Error): void
  /** It was not acknowledged for a passing reason, and is sent again. */
  retried?(error: Error): void
  /** The broker does not take this record; nothing is wrong with the others. Default: it has failed. */
  refused?(error: Error, record: ProduceRecord, to: TopicPartition): void
}

/** Records of one partition that are sent together. */
export interface QueuedBatch {
  readonly records: readonly ProduceRecord[]
  readonly owners: readonly Owner[]
  /** On the wire. */
  readonly bytes: number
  /** When the oldest record came. */
  readonly since: number
  /** How often it was sent without success. */
  readonly attempts: number
}

interface Gathering extends QueuedBatch {
  readonly records: ProduceRecord[]
  readonly owners: Owner[]
  bytes: number
  attempts: number
  /** How many of its records were refused, and count as settled when the rest does. */
  refused: number
  /** Nothing is added any more: it was sent, or it is a half of one that was too large. */
  sealed: boolean
}

/** The records of one partition that wait to be acknowledged, in order. At most the first batch is being sent. */
export class PartitionQueue implements TopicPartition {
  readonly topic: string
  readonly partition: number
  readonly batches: Gathering[] = []
  /** The first batch is being sent, or waits to be sent again. */
  busy = false
  /** Ends the wait for more records (`lingerMs`), while there is one. */
  stopLingering: (() => void) | undefined
  readonly #maxBytes: number
  #added = 0
  #settled = 0
  readonly #waiting: { readonly until: number; readonly resolve: () => void }[] = []

  constructor(topic: string, partition: number, maxBytes: number) {
    this.topic = topic
    this.partition = partition
    this.#maxBytes = maxBytes
  }

  /** Answers what the record holds in memory. */
  add(record: ProduceRecord, bytes: number, owner: Owner, now: () => number): number {
    let batch = this.batches.at(-1)
    if (batch === undefined || isFull(batch) || batch.bytes + bytes > this.#maxBytes) {
      batch = { records: [], owners: [], bytes: 0, since: now(), attempts: 0, refused: 0, sealed: false }
      this.batches.push(batch)
    }
    batch.records.push(record)
    batch.owners.push(owner)
    batch.bytes += bytes
    this.#added++
    return bytes + RECORD_HEAP_BYTES
  }

  /** Whether there is no batch that gathers, or enough behind the one that is being sent. */
  get full(): boolean {
    const last = this.batches.at(-1)
    return last === undefined || isFull(last) || this.batches.length > 2
  }

  /** Whether somebody waits for all that is in here. */
  get awaited(): boolean {
    return this.#waiting.length > 0
  }

  /** The first batch, to be sent. */
  take(): QueuedBatch | undefined {
    const first = this.batches[0]
    if (first !== undefined) first.sealed = true
    return first
  }

  failedOnce(error: Error): void {
    const first = this.batches[0]
    if (first === undefined) return
    first.attempts++
    for (const owner of new Set(first.owners)) owner.retried?.(error)
  }

  /** The first batch is settled. Answers the memory that is free again. */
  settle(error?: Error): number {
    const batch = this.batches.shift()
    if (batch === undefined) return 0
    this.#settled += batch.records.length + batch.refused
    for (const owner of batch.owners)
      if (error === undefined) owner.acknowledged()
      else owner.failed(error)
    while (this.#waiting[0] !== undefined && this.#waiting[0].until <= this.#settled) this.#waiting.shift()?.resolve()
    return memoryOf(batch)
  }

  /** Takes records out of the first batch that will never be written. Answers the memory that is free again. */
  refuse(errorOf: (i: number, record: ProduceRecord) => Error | undefined): number {
    const [batch] = this.batches
    if (batch === undefined) return 0
    const rest: Gathering = { ...batch, records: [], owners: [], bytes: 0 }
    this.batches[0] = rest
    for (const [i, record] of batch.records.entries()) {
      const owner = batch.owners[i] as Owner
      const error = errorOf(i, record)
      if (error === undefined) {
        rest.records.push(record)
        rest.owners.push(owner)
        rest.bytes += wireBytes(record)
        continue
      }
      rest.refused++
      if (owner.refused) owner.refused(error, record, this)
      else owner.failed(error)
    }
    const freed = memoryOf(batch) - memoryOf(rest)
    return rest.records.length > 0 ? freed : freed + this.settle()
  }

  /** Puts two halves in the place of the first batch. */
  split(): void {
    const [batch] = this.batches
    if (batch === undefined) return
    const middle = batch.records.length >> 1
    const half = (from: number, to: number, refused: number): Gathering => {
      const records = batch.records.slice(from, to)
      const bytes = records.reduce((sum, record) => sum + wireBytes(record), 0)
      return { ...batch, records, owners: batch.owners.slice(from, to), bytes, refused, sealed: true }
    }
    this.batches.splice(0, 1, half(0, middle, 0), half(middle, batch.records.length, batch.refused))
  }

  /** Resolves when all that has been added by now is settled, one way or the other. */
  drained(): Promise<void> | undefined {
    if (this.#settled === this.#added) return undefined
    return new Promise((resolve) => this.#waiting.push({ until: this.#added, resolve }))
  }
}

function memoryOf({ bytes, records }: QueuedBatch): number {
  return bytes + records.length * RECORD_HEAP_BYTES
}

function isFull({ records, sealed }: Gathering): boolean {
  return sealed || records.length >= MAX_BATCH_RECORDS
}
