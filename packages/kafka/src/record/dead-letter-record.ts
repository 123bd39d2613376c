import { SnapstreamError, describe } from '@snapstream/core'
import type { Failure, Headers } from '@snapstream/core'
import type { ProduceRecord } from '../driver/driver.ts'
import { cutText } from './cut-text.ts'
import { ADDED, HEADER_BYTES, NEXT_OFFSET, readDeadLetterHeaders } from './dead-letter-headers.ts'
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
