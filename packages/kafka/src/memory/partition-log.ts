import type { Headers } from '@snapstream/core'
import { asBuffer, contentBytes } from '../driver/bytes.ts'
import type { IsolationLevel, ProduceRecord } from '../driver/driver.ts'
import type { Int64 } from '../driver/int64.ts'
import { readHeaders } from '../record-batch/record-columns.ts'
import type { Transaction, TransactionParticipant } from './transaction.ts'

/** The memory of a record beside its payload: the object, the views of its bytes, its entry in the log. */
const RECORD_OVERHEAD_BYTES = 250
const ARENA_BYTES = 1 << 18

/** A record in a log, or the marker that ends a transaction in it. */
export interface StoredRecord extends RecordCopy {
  readonly offset: number
  /** The transaction of the record, or the one that the marker ends. */
  readonly transaction: Transaction | undefined
  /** Whether it is a marker, which takes an offset and is never read. */
  readonly isMarker: boolean
}

interface RecordCopy extends ProduceRecord {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly bytes: number
  /** The time that retention counts from. */
  readonly time: Int64
}

/** When a log deletes old records. Every limit applies. */
export interface LogRetention {
  /** The largest number of records per partition. @default no limit */
  readonly records?: number
  /** The largest size of a partition in bytes, counting 250 per record beside its payload. @default no limit */
  readonly bytes?: number
  /** The largest age of a record by its timestamp, in ms. @default no limit */
  readonly ms?: number
}

/** The log of one partition. Every offset has a record, or the marker that ends a transaction. */
export interface PartitionLog extends TransactionParticipant {
  /** The first offset that can be read. */
  earliest(): number
  /** The offset that the next record gets; with `read_committed` the first one of an open transaction. */
  latest(isolationLevel?: IsolationLevel): number
  /** Appends copies: the caller may reuse its buffers. */
  append(records: readonly ProduceRecord[], transaction?: Transaction): void
  /**
   * Reads records and markers from an offset up to `latest`; at least one, unless the offset is the end. They include the
   * records of aborted transactions.
   */
  read(offset: number, maxRecords: number, maxBytes: number, isolationLevel?: IsolationLevel): StoredRecord[]
  /** Calls `onChange` after every `append` and `end`, and at `drop`. Returns a function that stops it. */
  watch(onChange: () => void): () => void
  /** Called when the topic is deleted. */
  drop(): void
  dropped(): boolean
}

export function partitionLog(retention: LogRetention, now: () => number): PartitionLog {
  // `records[head]` has the offset `base`. The records before it are deleted, and removed from the array from time to time.
  let records: StoredRecord[] = []
  let head = 0
  let base = 0
  let bytes = 0
  let gone = false
  /** The first offset of each open transaction, in ascending order. */
  const open = new Map<Transaction, number>()
  const watchers = new Set<() => void>()
  const copy = copier()
  const { records: maxRecords = Infinity, bytes: maxBytes = Infinity, ms: maxMs = Infinity } = retention

  function trim(): void {
    const oldest = maxMs === Infinity ? -Infinity : now() - maxMs
    for (let first = records[head]; first !== undefined; first = records[head]) {
      if (records.length - head <= maxRecords && bytes <= maxBytes && first.time >= oldest) break
      bytes -= first.bytes
      head++
      base++
    }
    if (head > 1024 && head * 2 > records.length) {
      records = records.slice(head)
      head = 0
    }
  }

  function tell(): void {
    for (const onChange of watchers) onChange()
  }

  const end = () => base + records.length - head

  /** The offset before which all transactions have ended. */
  function stableEnd(): number {
    const [first = Infinity] = open.values()
    return Math.max(base, Math.min(first, end()))
  }

  const endFor = (isolationLevel?: IsolationLevel) => (isolationLevel === 'read_committed' ? stableEnd() : end())

  function store(copied: RecordCopy, transaction: Transaction | undefined, isMarker: boolean): void {
    bytes += copied.bytes
    records.push({ ...copied, offset: end(), transaction, isMarker })
  }

  return {
    earliest() {
      if (maxMs !== Infinity) trim()
      return base
    },
    latest: endFor,
    append(added, transaction) {
      if (transaction !== undefined && !open.has(transaction)) open.set(transaction, end())
      // As in Kafka, retention counts from the time of writing if a record has no timestamp.
      for (const record of added)
        store(copy(record, record.timestamp < 0 ? now() : record.timestamp), transaction, false)
      trim()
      tell()
    },
    end(transaction) {
      if (!open.delete(transaction)) return
      store({ ...MARKER, time: now() }, transaction, true)
      trim()
      tell()
    },
    read(offset, maxRecords, maxBytes, isolationLevel) {
      const from = head + offset - base
      const last = head + endFor(isolationLevel) - base
      let to = from
      let size = 0
      for (; to < last && to - from < maxRecords; to++) {
        size += records[to]?.bytes ?? 0
        if (size > maxBytes && to > from) break
      }
      return records.slice(from, to)
    },
    watch(onChange) {
      watchers.add(onChange)
      return () => watchers.delete(onChange)
    },
    drop() {
      gone = true
      tell()
    },
    dropped: () => gone,
  }
}

/** Copies records into shared chunks of memory: one allocation for many records. */
function copier(): (record: ProduceRecord, time: Int64) => RecordCopy {
  let arena = new ArrayBuffer(0)
  let used = 0

  function bytesOf(content: Uint8Array | string): Uint8Array {
    const source = typeof content === 'string' ? Buffer.from(content) : content
    const { length } = source
    if (used + length > arena.byteLength) {
      // Small at first, as most logs hold few records.
      arena = new ArrayBuffer(Math.max(length, Math.min(ARENA_BYTES, arena.byteLength * 4 || 1024)))
      used = 0
    }
    const view = new Uint8Array(arena, used, length)
    view.set(source)
    used += length
    return view
  }

  return ({ key, value, headers, timestamp }, time) => {
    let bytes = RECORD_OVERHEAD_BYTES + contentBytes(key) + contentBytes(value)
    let copied: Headers | Uint8Array = NO_HEADERS
    // As over the wire, headers that were given as bytes are parsed if possible.
    const read = headers instanceof Uint8Array ? readHeaders(asBuffer(headers)) : { headers, problem: undefined }
    if (read.problem !== undefined) {
      copied = bytesOf(headers as Uint8Array)
      bytes += copied.length
    } else if (read.headers.length > 0) {
      copied = read.headers.map(([name, content]) => {
        bytes += name.length + contentBytes(content)
        return [name, content === null ? null : bytesOf(content)] as const
      })
    }
    return {
      key: key === null ? null : bytesOf(key),
      value: value === null ? null : bytesOf(value),
      headers: copied,
      timestamp,
      time,
      bytes,
    }
  }
}

const NO_HEADERS: Headers = Object.freeze([])

/** The content of the record that ends a transaction. */
const MARKER = { key: null, value: null, headers: NO_HEADERS, timestamp: -1, bytes: RECORD_OVERHEAD_BYTES } as const

const STEP_RECORDS = 1000

/** The first offset of a log with at least this timestamp, or the end. Timestamps need not be in order. */
export function offsetAtTimestamp(log: PartitionLog, timestamp: number, isolationLevel?: IsolationLevel): number {
  const end = log.latest(isolationLevel)
  for (let offset = log.earliest(); offset < end;) {
    const records = log.read(offset, STEP_RECORDS, Infinity, isolationLevel)
    const found = records.find((record) => record.timestamp >= timestamp)
    if (found !== undefined) return found.offset
    offset += records.length
  }
  return end
}
