import { SnapstreamError, describe } from '@snapstream/core'
import type { Failure, Headers } from '@snapstream/core'
import type { ProduceRecord } from '../driver/driver.ts'
import { parseInt64 } from '../driver/int64.ts'
import type { Int64 } from '../driver/int64.ts'
import { isTopicName } from '../driver/topic-name.ts'
import type { RawTopicRecord } from './topic-record.ts'

/**
 * A failed message as a record. From a topic, it has the original bytes; else it has only headers, and the value is encoded
 * later.
 */
export type DeadLetterRecord =
  | { readonly bytes: true; readonly record: ProduceRecord & { readonly headers: Headers } }
  | { readonly bytes: false; readonly headers: Headers }

/** An error's message may contain a whole response, which must not make the record too large. */
const MAX_MESSAGE_BYTES = 1024
const MAX_NAME_BYTES = 256

/**
 * A failed message as it is written to a dead-letter topic. A record keeps its key, value, headers and timestamp byte for
 * byte. Added headers say where it was read and why it failed.
 *
 * A record may have headers of these names already. They are kept like any others and mean nothing, unless the record was
 * read from the topic that it goes to. Then it is a dead letter: it keeps the place where it was read first, and the last
 * error replaces the one before.
 *
 * @param deadLetters the topic that it goes to; undefined if the target is no topic
 */
export function deadLetterRecord(
  { raw, error, attempts, binding }: Failure,
  deadLetters: string | undefined,
): DeadLetterRecord {
  const said = [
    header(ADDED.code, SnapstreamError.is(error) ? error.code : 'HANDLER_FAILED', MAX_NAME_BYTES),
    header(ADDED.message, error.message, MAX_MESSAGE_BYTES),
    header(ADDED.binding, binding, MAX_NAME_BYTES),
    header(ADDED.attempts, attempts),
  ]
  if (!isRawRecord(raw)) return { bytes: false, headers: said }
  const timestamp = raw.exactTimestamp ?? raw.timestamp
  const isLetter = raw.topic === deadLetters && !raw.headerBytes
  const letter = isLetter ? readDeadLetterHeaders(raw.headers) : undefined
  // Without a place, the headers are not those of a dead letter.
  const before = letter?.origin && letter
  const { topic, partition, offset } = before?.origin ?? raw
  const nextOffset = before ? before.nextOffset : SnapstreamError.is(error) ? error.nextOffset : undefined
  const headerBytes = before ? before.originalBytes : raw.headerBytes
  const from = [
    header(ADDED.topic, topic),
    header(ADDED.partition, partition),
    header(ADDED.offset, offset),
    ...(nextOffset === undefined ? [] : [header(NEXT_OFFSET, nextOffset)]),
    header(ADDED.timestamp, before?.timestamp ?? timestamp),
    ...(headerBytes ? [[HEADER_BYTES, headerBytes] as const] : []),
  ]
  const headers = before ? before.original : raw.headers
  return { bytes: true, record: { key: raw.key, value: raw.value, headers: [...headers, ...said, ...from], timestamp } }
}

/** The place where a failed record was read. */
export interface DeadLetterOrigin {
  /** The name of the topic. */
  readonly topic: string
  /** The number of the partition, from 0. */
  readonly partition: number
  /** The offset of the record. */
  readonly offset: number
}

/** The parsed headers of a dead letter. An added header that is missing or malformed is undefined. */
export interface DeadLetterHeaders {
  /** Undefined if the message did not come from a topic. */
  readonly origin: DeadLetterOrigin | undefined
  /**
   * The offset behind a part of the log that could not be read. Such a dead letter stands for several records, and its value
   * is a record batch as it is in the log.
   */
  readonly nextOffset: number | undefined
  /** The timestamp of the failed record, in ms since the epoch; -1 if it had none. */
  readonly timestamp: Int64 | undefined
  readonly code: string | undefined
  readonly message: string | undefined
  readonly binding: string | undefined
  readonly attempts: number | undefined
  /** The headers that the record had before it became a dead letter. */
  readonly original: Headers
  /** All headers of the record as bytes of a record batch, if some could not be read. */
  readonly originalBytes: Uint8Array | undefined
}

/** The headers that are added to a dead letter, behind those that the record has. */
export const ADDED = {
  code: 'snapstream.error.code',
  message: 'snapstream.error.message',
  binding: 'snapstream.binding',
  attempts: 'snapstream.attempts',
  topic: 'snapstream.topic',
  partition: 'snapstream.partition',
  offset: 'snapstream.offset',
  timestamp: 'snapstream.timestamp',
} as const

/**
 * All headers of the record as the bytes of a record batch. The header follows the added ones directly, and only where some
 * headers of the record could not be read.
 */
export const HEADER_BYTES = 'snapstream.headers'

/**
 * The offset behind the last of several records that could not be read. The header stands between offset and timestamp, and
 * only where the dead letter stands for such records.
 */
export const NEXT_OFFSET = 'snapstream.offset.next'

const NAMES: ReadonlySet<string> = new Set(Object.values(ADDED))

/**
 * Separates the headers that were added from those that the record had. A record may have had headers of these names: the
 * last of each name is the added one. Only for records of a dead-letter topic: elsewhere any client may have written these
 * headers.
 */
export function readDeadLetterHeaders(headers: Headers): DeadLetterHeaders {
  const added = new Map<string, number>()
  for (const [i, [name]] of headers.entries()) if (NAMES.has(name)) added.set(name, i)
  const places = new Set(added.values())
  const behind = (added.get(ADDED.timestamp) ?? -2) + 1
  const [behindName, originalBytes] = headers[behind] ?? []
  const hasBytes = behindName === HEADER_BYTES && originalBytes
  if (hasBytes) places.add(behind)
  const between = (added.get(ADDED.timestamp) ?? 0) - 1
  const hasNextOffset = headers[between]?.[0] === NEXT_OFFSET
  if (hasNextOffset) places.add(between)

  function textAt(place = -1): string | undefined {
    const [, content] = headers[place] ?? []
    return content ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(content) : undefined
  }
  const text = (name: string) => textAt(added.get(name))

  return {
    origin: originOf(text(ADDED.topic), whole(text(ADDED.partition)), whole(text(ADDED.offset))),
    nextOffset: hasNextOffset ? whole(textAt(between)) : undefined,
    timestamp: parseInt64(text(ADDED.timestamp) ?? ''),
    code: text(ADDED.code),
    message: text(ADDED.message),
    binding: text(ADDED.binding),
    attempts: whole(text(ADDED.attempts), 1),
    original: places.size === 0 ? headers : headers.filter((_, i) => !places.has(i)),
    originalBytes: hasBytes ? originalBytes : undefined,
  }
}

function originOf(
  topic: string | undefined,
  partition: number | undefined,
  offset: number | undefined,
): DeadLetterOrigin | undefined {
  if (topic === undefined || partition === undefined || offset === undefined || !isTopicName(topic)) return undefined
  return { topic, partition, offset }
}

/** A whole number, undefined for any other text. */
function whole(text: string | undefined, min = 0): number | undefined {
  const number = parseInt64(text ?? '')
  return typeof number === 'number' && number >= min ? number : undefined
}

/** Makes a header. `content` may be any value: a thrown object may lack a string as its message. */
function header(name: string, content: unknown, maxBytes = Infinity): readonly [string, Uint8Array] {
  const text = ['string', 'number', 'bigint'].includes(typeof content) ? String(content) : describe(content)
  return [name, cutText(text, maxBytes)]
}

function isRawRecord(raw: object | undefined): raw is RawTopicRecord {
  if (raw === undefined) return false
  const { key, value, headers } = raw as Partial<RawTopicRecord>
  return isBytes(key) && isBytes(value) && Array.isArray(headers)
}

const isBytes = (value: unknown) => value === null || value instanceof Uint8Array

/**
 * A text as UTF-8 in at most so many bytes. A longer text is cut between two characters and ends with its length, as in
 * `… (123456 bytes)`. Lone surrogates, which UTF-8 does not have, become U+FFFD.
 */
export function cutText(text: string, maxBytes: number): Uint8Array {
  const whole = Buffer.from(text, 'utf8')
  if (whole.length <= maxBytes) return whole
  const tail = Buffer.from(`… (${whole.length} bytes)`, 'utf8')
  let end = Math.max(0, maxBytes - tail.length)
  // A byte that begins with the bits 10 continues the character before it.
  while (end > 0 && ((whole[end] ?? 0) & 0xc0) === 0x80) end--
  return Buffer.concat([whole.subarray(0, end), tail])
}
