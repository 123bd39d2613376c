import type { Headers } from '@snapstream/core'
import { parseInt64 } from '../driver/int64.ts'
import type { Int64 } from '../driver/int64.ts'
import { isTopicName } from '../topic/is-topic-name.ts'

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
