import { SnapstreamError } from '@snapstream/core'
import type { Failure, Headers } from '@snapstream/core'
import type { ProduceRecord } from '../driver/driver.ts'
import type { RawTopicRecord } from './topic-record.ts'

/** A failed message as a record: as bytes, where it came as such, else as a value that is still to be encoded. */
export type DeadLetterRecord =
  | { readonly bytes: true; readonly record: ProduceRecord }
  | { readonly bytes: false; readonly headers: Headers; readonly timestamp: number }

/**
 * A record that failed keeps its key, value, headers and timestamp, byte for byte; headers that are added say where it
 * came from and what was wrong.
 */
export function deadLetterRecord({ raw, error, attempts, binding }: Failure, timestamp: number): DeadLetterRecord {
  const code = SnapstreamError.is(error) ? error.code : 'HANDLER_FAILED'
  const said = [
    header('snapstream.error.code', code),
    header('snapstream.error.message', error.message),
    header('snapstream.binding', binding),
    header('snapstream.attempts', attempts),
  ]
  if (!isRawRecord(raw)) return { bytes: false, headers: said, timestamp }
  const from = [
    header('snapstream.topic', raw.topic),
    header('snapstream.partition', raw.partition),
    header('snapstream.offset', raw.offset),
  ]
  return {
    bytes: true,
    record: {
      key: raw.key,
      value: raw.value,
      headers: [...raw.headers, ...said, ...from],
      timestamp: raw.timestamp >= 0 ? raw.timestamp : timestamp,
    },
  }
}

function header(name: string, content: string | number): readonly [string, Uint8Array] {
  // An error's message may hold anything; here it is for people to read.
  return [name, Buffer.from(String(content), 'utf8')]
}

function isRawRecord(raw: object | undefined): raw is RawTopicRecord {
  if (raw === undefined) return false
  const { key, value, headers } = raw as Partial<RawTopicRecord>
  return isBytes(key) && isBytes(value) && Array.isArray(headers)
}

const isBytes = (value: unknown) => value === null || value instanceof Uint8Array
