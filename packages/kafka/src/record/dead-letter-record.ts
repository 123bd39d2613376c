import { SnapstreamError, describe } from '@snapstream/core'
import type { Failure, Headers } from '@snapstream/core'
import type { ProduceRecord } from '../driver/driver.ts'
import { parseInt64 } from '../driver/int64.ts'
import type { Int64 } from '../driver/int64.ts'
import { isTopicName } from '../driver/topic-name.ts'
import type { RawTopicRecord } from './topic-record.ts'

/** A failed message as a record: as bytes, where it came as such, else as a value that is still to be encoded. */
export type DeadLetterRecord =
  | { readonly bytes: true; readonly record: ProduceRecord & { readonly headers: Headers } }
  | { readonly bytes: false; readonly headers: Headers }

/** What an error says may hold a whole response; here it is for people to read, and must not make the record too large. */
const MAX_MESSAGE_BYTES = 1024
const MAX_NAME_BYTES = 256

/**
 * A record that failed keeps its key, value, headers and timestamp, byte for byte; headers that are added say where it
 * came from and what was wrong. Headers of these names that it brings are kept with the others and mean nothing, unless it
 * was read from the very topic it goes to: then it is a dead letter already, which keeps the place where it was read first,
 * and has these headers once: what was wrong is what was wrong the last time.
 *
 * @param deadLetters the topic that it goes to, if that is one
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
  // Without a place to go by, headers of these names are somebody else's.
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

/** Where a record was read that could not be handled. */
export interface DeadLetterOrigin {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** What the headers of a dead letter say. */
export interface DeadLetterHeaders {
  /** Undefined for what was no record of a topic. */
  readonly origin: DeadLetterOrigin | undefined
  /**
   * Only where it stands for a part of the log that could not be read: the offset behind it. Its value is a record batch as
   * it stands in the log, and no value of a record.
   */
  readonly nextOffset: number | undefined
  /** That of the record where it failed, in ms since the epoch; -1 if it had none. */
  readonly timestamp: Int64 | undefined
  readonly code: string | undefined
  readonly message: string | undefined
  readonly binding: string | undefined
  readonly attempts: number | undefined
  /** Those that the record had before it became a dead letter. */
  readonly original: Headers
  /** The same as a record batch had them, where some could not be read. */
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
 * Directly behind the others, and only where the headers of the record could not all be read: all of them, in the bytes that
 * a record batch has.
 */
export const HEADER_BYTES = 'snapstream.headers'

/**
 * Between offset and timestamp, and only where the dead letter stands for several records that could not be read: the offset
 * behind the last of them.
 */
export const NEXT_OFFSET = 'snapstream.offset.next'

const NAMES: ReadonlySet<string> = new Set(Object.values(ADDED))

/**
 * Tells the headers that were added from those that the record had. A record may bring headers of these names itself: the
 * last of each name is the one that was added. To be asked of records of a dead letter topic only: elsewhere these headers
 * are whatever somebody wrote.
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

/** A whole number as it was written: others may have headers of these names that say something else. */
function whole(text: string | undefined, min = 0): number | undefined {
  const number = parseInt64(text ?? '')
  return typeof number === 'number' && number >= min ? number : undefined
}

/** Whatever is thrown calls itself an error: its message need not be a text. */
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
 * A text as UTF-8, in at most so many bytes: one that is longer is cut between two characters and ends with `…` and how
 * long it was, as in `… (123456 bytes)`. Lone surrogates, which UTF-8 does not have, become U+FFFD.
 */
export function cutText(text: string, maxBytes: number): Uint8Array {
  const whole = Buffer.from(text, 'utf8')
  if (whole.length <= maxBytes) return whole
  const tail = Buffer.from(`… (${whole.length} bytes)`, 'utf8')
  let end = Math.max(0, maxBytes - tail.length)
  // A byte that begins with 10 goes on with the character before it.
  while (end > 0 && ((whole[end] ?? 0) & 0xc0) === 0x80) end--
  return Buffer.concat([whole.subarray(0, end), tail])
}
