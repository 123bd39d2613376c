import { SnapstreamError, describe, toError } from '@snapstream/core'
import type { Codec, CodecContext, Headers, MaybePromise } from '@snapstream/core'
import { isThenable } from '@snapstream/core/adapter'
import type { ProduceRecord } from '../driver/driver.ts'
import { readHeaders } from '../record-batch/record-columns.ts'
import { asBuffer } from '../driver/bytes.ts'
import type { RecordMeta } from './topic-record.ts'
import type { TopicSpec } from '../options/topic-spec.ts'

export const NO_HEADERS: Headers = Object.freeze([])

/** Encodes a key and a value as a record. Returns a promise if a codec does. */
export type RecordEncoder = (
  key: unknown,
  value: unknown,
  headers: ProduceRecord['headers'],
  timestamp: ProduceRecord['timestamp'],
) => MaybePromise<ProduceRecord>

/** The encoder of a topic's records. It throws, or rejects with, `ENCODE_FAILED`. */
export function recordEncoder(spec: TopicSpec, topic: string): RecordEncoder {
  const { codec, plain } = spec
  const encodeKey = keyEncoder(spec, topic)
  const advice = plain ? `; give the topic a codec, as in Topic(${JSON.stringify(topic)}, { codec: JsonCodec() })` : ''
  const encodeValue = partEncoder(codec, { topic, part: 'value' }, advice)
  return (key, value, headers, timestamp) => {
    const keyContent = key === null ? null : encodeKey(key, key)
    const valueContent = value === null ? null : encodeValue(value, key)
    if (isThenable(keyContent) || isThenable(valueContent))
      return Promise.all([keyContent, valueContent]).then(([key, value]) => ({ key, value, headers, timestamp }))
    return { key: keyContent, value: valueContent, headers, timestamp }
  }
}

/** The encoder of a topic's keys. It throws, or rejects with, `ENCODE_FAILED`. */
export function keyEncoder({ keyCodec }: Pick<TopicSpec, 'keyCodec'>, topic: string): PartEncoder {
  return partEncoder(keyCodec, { topic, part: 'key' })
}

/** Encodes a key or a value. `key` is the key of the record, for errors. */
type PartEncoder = (content: unknown, key: unknown) => string | MaybePromise<Uint8Array>

function partEncoder(codec: Codec<unknown>, context: CodecContext, advice = ''): PartEncoder {
  const text = codec['~snapstream.text']
  return (content, key) => {
    let bytes: unknown
    try {
      if (text !== undefined) return text.encode(content, context)
      bytes = codec.encode(content, context)
    } catch (thrown) {
      throw encodeFailed(thrown, context, key, content === Object(content) ? advice : '')
    }
    if (isThenable(bytes))
      return bytes.then(
        (settled) => checked(settled, context, key),
        (thrown: unknown) => {
          throw encodeFailed(thrown, context, key)
        },
      )
    return checked(bytes, context, key)
  }
}

function checked(bytes: unknown, context: CodecContext, key: unknown): Uint8Array {
  if (ArrayBuffer.isView(bytes)) return bytes as Uint8Array
  throw encodeFailed(new TypeError(`encode has to answer with a Uint8Array, got ${describe(bytes)}`), context, key)
}

function encodeFailed(thrown: unknown, { topic, part }: CodecContext, key: unknown, advice = ''): SnapstreamError {
  const cause = toError(thrown)
  return new SnapstreamError(
    'ENCODE_FAILED',
    `the ${part} of a record for ${JSON.stringify(topic)} could not be encoded: ${cause.message}${advice}`,
    { topic, key, cause },
  )
}

/** Headers as they go over the wire. Throws `SINK_REFUSED` for a value that is not a string, bytes or null. */
export function toHeaders(given: RecordMeta['headers'], topic: string): ProduceRecord['headers'] {
  if (given === undefined) return NO_HEADERS
  if (given instanceof Uint8Array) {
    const { broken, problem } = readHeaders(asBuffer(given))
    if (!broken) return given
    throw new SnapstreamError(
      'SINK_REFUSED',
      `headers for ${JSON.stringify(topic)} that are given as bytes have to be what a record batch has: ${problem}`,
      { topic },
    )
  }
  const entries: readonly (readonly [string, unknown])[] = Array.isArray(given) ? given : Object.entries(given)
  if (entries.length === 0) return NO_HEADERS
  return entries.map((entry) => {
    const [name, content] = Array.isArray(entry) ? entry : []
    if (typeof name === 'string' && name.isWellFormed()) {
      if (typeof content === 'string' && content.isWellFormed()) return [name, Buffer.from(content, 'utf8')]
      if (content === null || content instanceof Uint8Array) return [name, content]
    }
    throw new SnapstreamError(
      'SINK_REFUSED',
      `a header for ${JSON.stringify(topic)} has to be a string, a Uint8Array or null, got ${describe(content)} as ${describe(name)}`,
      { topic },
    )
  })
}
