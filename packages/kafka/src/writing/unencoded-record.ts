import type { Failure, Host, Origin } from '@snapstream/core'
import type { ProduceRecord } from '../driver/driver.ts'
import { isInt64 } from '../driver/int64.ts'
import type { Int64 } from '../driver/int64.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import { WITH_VALUE, checkBare, checkMeta, checkPair, notATimestamp } from '../record/check-input.ts'
import { deadLetterRecord } from '../record/dead-letter-record.ts'
import { carryOn } from '../record/carry-on.ts'
import { toHeaders } from '../record/encode-record.ts'
import type { RecordMeta } from '../record/topic-record.ts'

/** A record before it is encoded. */
export interface UnencodedRecord {
  readonly key: unknown
  readonly value: unknown
  readonly headers: ProduceRecord['headers']
  readonly timestamp: ProduceRecord['timestamp']
  /** Undefined: the partitioner's choice. */
  readonly partition: number | undefined
  /** Undefined: the topic's own name. */
  readonly topic: string | undefined
}

/** The options of a call that writes one record. */
export type CallOptions = RecordMeta & { readonly key?: unknown }

/** The record of a call, `topic(value, { key })`. Throws `SINK_REFUSED`. */
export function callRecord(spec: TopicSpec, host: Host, value: unknown, options: CallOptions): UnencodedRecord {
  checkMeta(options, spec.name, WITH_VALUE)
  const { key = null, headers, timestamp = host.now(), partition, topic } = options
  return { key, value, headers: toHeaders(headers, spec.name), timestamp, partition, topic }
}

/** The record of a value that a handler emits: a bare value, or `[key, value, meta?]`. Throws `SINK_REFUSED`. */
export function sinkRecord(spec: TopicSpec, host: Host, input: unknown, origin: Origin | undefined): UnencodedRecord {
  if (!Array.isArray(input)) {
    checkBare(input, spec)
    return recordOf(spec, host, { key: null, value: input, meta: undefined, origin })
  }
  checkPair(input, spec)
  return recordOf(spec, host, { key: input[0], value: input[1], meta: input[2] as RecordMeta | undefined, origin })
}

interface Emitted {
  readonly key: unknown
  readonly value: unknown
  readonly meta: RecordMeta | undefined
  readonly origin: Origin | undefined
}

function recordOf({ name }: TopicSpec, host: Host, { key, value, meta, origin }: Emitted): UnencodedRecord {
  return {
    key,
    value,
    headers: carryOn(toHeaders(meta?.headers, name), origin),
    timestamp: meta?.timestamp ?? eventTime(origin, host, name),
    partition: meta?.partition,
    topic: meta?.topic,
  }
}

/** A failed message as a record: with its original bytes if it came from a topic, else its value is still to be encoded. */
export type SinkDeadLetter =
  | { readonly encoded: ProduceRecord; readonly record?: undefined }
  | { readonly encoded?: undefined; readonly record: UnencodedRecord }

export function sinkDeadLetter(
  { single, plain }: TopicSpec,
  host: Host,
  failed: Failure,
  origin: Origin | undefined,
): SinkDeadLetter {
  const made = deadLetterRecord(failed, single)
  if (made.bytes) return { encoded: made.record }
  const { headers } = made
  // A dead letter is written even if the timestamp of its message is invalid.
  const time = typeof origin?.timestamp === 'number' ? Math.floor(origin.timestamp) : origin?.timestamp
  const timestamp = isInt64(time) ? time : Math.floor(host.now())
  const value = plain && typeof failed.message !== 'string' ? JSON.stringify(failed.message) : failed.message
  return { record: { key: null, value, headers, timestamp, partition: undefined, topic: undefined } }
}

/** The timestamp of the message that a value was made from (-1 for none), else the current time, in whole ms. */
function eventTime(origin: Origin | undefined, host: Host, name: string): Int64 {
  const given = origin?.timestamp ?? host.now()
  const time = typeof given === 'number' ? Math.floor(given) : given
  if (isInt64(time)) return time
  throw notATimestamp(name, given)
}
