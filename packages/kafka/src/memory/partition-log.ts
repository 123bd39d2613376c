import type { Headers } from '@snapstream/core'
import { asBuffer, contentBytes } from '../driver/bytes.ts'
import type { ProduceRecord, RecordBatch, TopicPartition } from '../driver/driver.ts'
import type { Int64 } from '../driver/int64.ts'
import { readHeaders } from '../record-batch/record-columns.ts'

/** The memory of a record beside its payload: the object, the views of its bytes, its entry in the log. */
const RECORD_OVERHEAD_BYTES = 250
const ARENA_BYTES = 1 << 18

interface StoredRecord extends ProduceRecord {
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

/** The log of one partition. Its offsets have no holes. */
export interface PartitionLog {
  /** The first offset that can be read. */
  earliest(): number
  /** The offset that the next record gets. */
  latest(): number
  /** Appends copies: the caller may reuse its buffers. */
  append(records: readonly ProduceRecord[]): void
  /** Reads records from an offset within the range; at least one, unless the offset is the end. */
  read(offset: number, maxRecords: number, maxBytes: number): StoredRecord[]
  /** Calls `onChange` after every `append` and at `drop`. Returns a function that stops it. */
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

  return {
    earliest() {
      if (maxMs !== Infinity) trim()
      return base
    },
    latest: () => base + records.length - head,
    append(added) {
      for (const record of added) {
        // As in Kafka, retention counts from the time of writing if a record has no timestamp.
        const time = record.timestamp < 0 ? now() : record.timestamp
        const stored = copy(record, time)
        bytes += stored.bytes
        records.push(stored)
      }
      trim()
      tell()
    },
    read(offset, maxRecords, maxBytes) {
      const from = head + offset - base
      let to = from
      let size = 0
      for (; to < records.length && to - from < maxRecords; to++) {
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
function copier(): (record: ProduceRecord, time: Int64) => StoredRecord {
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

const STEP_RECORDS = 1000

/** The first offset of a log with at least this timestamp, or the end. Timestamps need not be in order. */
export function offsetAtTimestamp(log: PartitionLog, timestamp: number): number {
  for (let offset = log.earliest(); offset < log.latest();) {
    const records = log.read(offset, STEP_RECORDS, Infinity)
    const found = records.findIndex((record) => record.timestamp >= timestamp)
    if (found !== -1) return offset + found
    offset += records.length
  }
  return log.latest()
}

/** Records of a log as a batch. */
export function logBatch(
  { topic, partition }: TopicPartition,
  first: number,
  records: readonly StoredRecord[],
  endOffset: number,
): RecordBatch {
  const at = (i: number): StoredRecord => {
    const record = records[i]
    if (!record) throw new RangeError(`a batch of ${records.length} records has no record ${i}`)
    return record
  }
  let bytes = 0
  for (const record of records) bytes += record.bytes
  return {
    topic,
    partition,
    length: records.length,
    nextOffset: first + records.length,
    endOffset,
    bytes,
    offset: (i) => first + i,
    key: (i) => at(i).key,
    value: (i) => at(i).value,
    headers(i) {
      const { headers } = at(i)
      return headers instanceof Uint8Array ? undefined : headers
    },
    headerBytes(i) {
      const { headers } = at(i)
      return headers instanceof Uint8Array ? headers : undefined
    },
    timestamp: (i) => at(i).timestamp,
  }
}
