import { SnapstreamError, describe } from '@snapstream/core'
import { isInt64 } from '../driver/int64.ts'
import type { RecordMeta } from './topic-record.ts'
import type { TopicSpec } from '../options/topic-spec.ts'

const META = ['headers', 'timestamp', 'partition', 'topic']
/** The fields of the options of a call, which include the key. */
export const WITH_VALUE = ['key', ...META]

/** Throws `SINK_REFUSED` unless an array that was written to a topic is a `[key, value, meta?]` pair. */
export function checkPair(pair: readonly unknown[], { name, plain }: TopicSpec): void {
  const [key, value, meta] = pair
  const lengthOk = pair.length === 2 || pair.length === 3
  // Without a codec both are strings. A codec checks its input itself.
  const typesOk = !plain || ((value === null || typeof value === 'string') && !Array.isArray(key))
  if (!lengthOk || !typesOk || key === undefined || value === undefined || !isMeta(meta))
    throw refused(
      name,
      `takes a value or a [key, value, meta?] pair (a key that is null for none)` +
        (plain ? ', of strings unless it has a codec' : '; write [key, array] for a value that is an array') +
        `; got ${shown(pair)}`,
    )
  checkMeta(meta, name)
}

/** Throws `SINK_REFUSED` for a value without a key that needs one. */
export function checkBare(value: unknown, { name }: TopicSpec): void {
  if (value === null) throw refused(name, 'was given null, which needs a key: write [key, null] for a tombstone')
}

/** Throws `SINK_REFUSED` for unknown fields, and for fields of the wrong type. */
export function checkMeta(meta: RecordMeta | undefined, name: string, fields: readonly string[] = META): void {
  if (meta === undefined) return
  if (!isMeta(meta)) throw refused(name, `takes { ${fields.join(', ')} } with a value, got ${describe(meta)}`)
  for (const field in meta)
    if (!fields.includes(field)) throw refused(name, `takes ${fields.join(', ')} with a value, got '${field}'`)
  const { timestamp, partition, headers, topic } = meta
  if (timestamp !== undefined && !isInt64(timestamp)) throw notATimestamp(name, timestamp)
  if (partition !== undefined && !(Number.isSafeInteger(partition) && partition >= 0))
    throw refused(name, `takes a partition as a number from 0, got ${describe(partition)}`)
  if (topic !== undefined && typeof topic !== 'string')
    throw refused(name, `takes the name of the topic a record goes to as text, got ${describe(topic)}`)
  if (headers !== undefined && (typeof headers !== 'object' || headers === null))
    throw refused(name, `takes headers as an object, or as a record has them; got ${describe(headers)}`)
}

/** The error for a timestamp of more than 64 bits, or of another type. */
export function notATimestamp(name: string, timestamp: unknown): SnapstreamError {
  return refused(
    name,
    `takes a timestamp in whole ms since the epoch, got ${describe(timestamp)}; it has 64 bits (a bigint beyond 2^53)`,
  )
}

function isMeta(meta: unknown): meta is RecordMeta | undefined {
  return meta === undefined || (typeof meta === 'object' && meta !== null && !Array.isArray(meta))
}

function shown(pair: readonly unknown[]): string {
  return pair.length > 0 && pair.length < 4 ? `[${pair.map(describe).join(', ')}]` : describe(pair)
}

function refused(name: string, why: string): SnapstreamError {
  return new SnapstreamError('SINK_REFUSED', `the topic ${JSON.stringify(name)} ${why}`, { topic: name })
}
