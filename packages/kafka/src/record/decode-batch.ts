import { SnapstreamError, toError } from '@snapstream/core'
import type { Batch, Codec, CodecContext, ErrorCode, Headers, MaybePromise } from '@snapstream/core'
import { isThenable } from '@snapstream/core/adapter'
import type { RecordBatch } from '../driver/driver.ts'
import type { Int64 } from '../driver/int64.ts'
import { readHeaders } from '../record-batch/record-columns.ts'
import { NO_HEADERS } from './encode-record.ts'
import type { RawTopicRecord, TopicRecord } from './topic-record.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import { asBuffer } from '../driver/bytes.ts'

/** The decoded records of a batch, as handlers get them. */
export interface DecodedBatch {
  readonly messages: readonly TopicRecord<unknown, unknown>[]
  /** The errors of messages that did not decode, by their index. Such a message is the raw record. */
  readonly errors: ReadonlyMap<number, Error>
  /** The index of message `i` in the batch. */
  indexOf(i: number): number
  /**
   * The caller awaits it before it uses the messages. Undefined unless a codec returned promises. Rejects if a codec needs
   * something that cannot be reached, such as a schema registry.
   */
  readonly pending: Promise<unknown> | undefined
}

interface Decoding {
  readonly messages: { -readonly [F in keyof TopicRecord<unknown, unknown>]: TopicRecord<unknown, unknown>[F] }[]
  readonly errors: Map<number, Error>
  readonly pending: PromiseLike<void>[]
}

/** Decodes the records before the offset `end`. Tombstones are left out unless the topic asks for them. */
export function decodeBatch(
  batch: RecordBatch,
  {
    codec,
    keyCodec,
    tombstones,
    brokenHeaders,
  }: Pick<TopicSpec, 'codec' | 'keyCodec' | 'tombstones' | 'brokenHeaders'>,
  contexts: { readonly key: CodecContext; readonly value: CodecContext },
  end: number,
): DecodedBatch {
  const { topic, partition, length } = batch
  const keyOf = partDecoder(batch, keyCodec, contexts.key)
  const valueOf = partDecoder(batch, codec, contexts.value)
  const decoding: Decoding = { messages: [], errors: new Map(), pending: [] }
  const { messages } = decoding
  let indexes: number[] | undefined
  for (let i = 0; i < length; i++) {
    const offset = batch.offset(i)
    if (offset >= end) break
    let key: unknown = null
    let value: unknown = null
    let headers = NO_HEADERS
    let broken = false
    let failed: SnapstreamError | undefined
    let part: 'value' | 'key' | 'headers' = 'value'
    const unread = batch.error?.(i)
    if (unread !== undefined) failed = unread
    else
      try {
        value = valueOf(i)
        if (value === NONE) {
          if (!tombstones) {
            indexes ??= messages.map((_, j) => j)
            continue
          }
          value = null
        }
        part = 'key'
        key = keyOf(i)
        if (key === NONE) key = null
        part = 'headers'
        const read = batch.headers(i)
        if (read !== undefined) headers = read
        else if (brokenHeaders) broken = true
        else throw new TypeError(headersOf(batch, i).problem)
      } catch (thrown) {
        failed = decodeFailed(thrown, part, { topic, partition, offset })
      }
    indexes?.push(i)
    const timestamp = batch.timestamp(i)
    const at = messages.length
    // Number() is a call even for a number, so numbers take this path.
    if (typeof timestamp === 'number') messages.push({ topic, partition, offset, key, value, headers, timestamp })
    else messages.push({ topic, partition, offset, key, value, headers, ...times(timestamp) })
    if (failed !== undefined) fail(decoding, at, failed, batch, i)
    else if (broken) {
      const { headers, headerBytes } = headersOf(batch, i)
      Object.assign(messages[at] as object, { headers, headerBytes })
    }
    if (typeof key === 'object' || typeof value === 'object') {
      settleLater(decoding, at, 'key', key, batch, i)
      settleLater(decoding, at, 'value', value, batch, i)
    }
  }
  return {
    messages,
    errors: decoding.errors,
    indexOf: (i) => indexes?.[i] ?? i,
    pending: decoding.pending.length > 0 ? Promise.all(decoding.pending) : undefined,
  }
}

/**
 * Decoded records as a batch of the engine.
 *
 * @param end the position after all of them, and after skipped records
 * @param release called once all messages are handled
 */
export function messageBatch(
  batch: RecordBatch,
  { messages, errors, indexOf }: DecodedBatch,
  lane: string,
  end: number,
  release: () => void,
): Batch<TopicRecord<unknown, unknown>> {
  const count = messages.length
  let released = false
  return {
    lane,
    messages,
    bytes: batch.bytes,
    ...(errors.size > 0 && { error: (i: number) => errors.get(i) }),
    timestamp: (i) => messages[i]?.exactTimestamp ?? messages[i]?.timestamp,
    headers: (i) => messages[i]?.headers,
    raw: (i) => (i < count ? rawRecord(batch, indexOf(i)) : undefined),
    position: (n) => messages[n]?.offset ?? end,
    done(n) {
      if (n < count || released) return
      released = true
      release()
    },
  }
}

/** The record has no key, or no value. */
const NONE = Symbol('none')

/** Decodes the keys, or the values, of a batch. Throws what the codec throws. */
function partDecoder(
  batch: RecordBatch,
  codec: Codec<unknown>,
  context: CodecContext,
): (i: number) => MaybePromise<unknown> {
  const isKey = context.part === 'key'
  const text = codec['~snapstream.text']
  const canRead = (isKey ? batch.keyText : batch.valueText) !== undefined

  function fromBytes(i: number): MaybePromise<unknown> {
    const bytes = isKey ? batch.key(i) : batch.value(i)
    return bytes === null ? NONE : codec.decode(bytes, context)
  }

  if (text === undefined || !canRead) return fromBytes
  // If the driver decodes text, the bytes are not needed. Content that is not UTF-8 goes to the codec as bytes, which refuses it.
  return (i) => {
    const read = isKey ? batch.keyText?.(i) : batch.valueText?.(i)
    if (read === undefined) return fromBytes(i)
    return read === null ? NONE : text.decode(read, context)
  }
}

function settleLater(
  decoding: Decoding,
  at: number,
  part: 'key' | 'value',
  decoded: unknown,
  batch: RecordBatch,
  i: number,
): void {
  if (!isThenable(decoded)) return
  const record = decoding.messages[at]
  if (record === undefined) return
  const settled = decoded.then(
    (content) => {
      if (!decoding.errors.has(at)) record[part] = content
    },
    (thrown: unknown) => {
      if (isOutage(thrown)) throw thrown
      fail(decoding, at, decodeFailed(thrown, part, record), batch, i)
    },
  )
  decoding.pending.push(settled)
}

const NOT_OF_RECORDS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'REGISTRY_UNREACHABLE',
  'REGISTRY_FAILED',
  'AUTHENTICATION_REFUSED',
  'SCHEMA_UNUSABLE',
])

/**
 * Whether a codec lacks something that it needs: a schema registry, or a schema to read with. The message itself may be valid
 * then, and must not be skipped.
 */
function isOutage(thrown: unknown): boolean {
  return SnapstreamError.is(thrown) && NOT_OF_RECORDS.has(thrown.code)
}

/** Message `at` did not decode: the raw record takes its place. */
function fail({ messages, errors }: Decoding, at: number, error: Error, batch: RecordBatch, i: number): void {
  if (errors.has(at)) return
  Object.assign(messages[at] as object, rawRecord(batch, i))
  errors.set(at, error)
}

function decodeFailed(
  thrown: unknown,
  part: 'key' | 'value' | 'headers',
  { topic, partition, offset }: { readonly topic: string; readonly partition: number; readonly offset: number },
): SnapstreamError {
  const cause = toError(thrown)
  return new SnapstreamError(
    'DECODE_FAILED',
    `the ${part} of ${topic}/${partition} offset ${offset} ${part === 'headers' ? 'do' : 'did'} not decode: ${cause.message}`,
    { topic, partition, offset, cause },
  )
}

/** Record `i` of a batch, with its bytes. Never throws: a broken record has the parts that can be read. */
export function rawRecord(batch: RecordBatch, i: number): RawTopicRecord {
  const { topic, partition } = batch
  const timestamp = batch.timestamp(i)
  const { headers, headerBytes } = headersOf(batch, i)
  return {
    topic,
    partition,
    offset: batch.offset(i),
    key: batch.key(i),
    value: batch.value(i),
    headers,
    ...times(timestamp),
    ...(headerBytes && { headerBytes }),
  }
}

/** The fields of a timestamp: a number, and also a bigint if the number is not exact. */
function times(timestamp: Int64): Pick<RawTopicRecord, 'timestamp' | 'exactTimestamp'> {
  return typeof timestamp === 'number' ? { timestamp } : { timestamp: Number(timestamp), exactTimestamp: timestamp }
}

/** The headers of record `i` that can be read, and all of them as bytes if some cannot. */
function headersOf(
  batch: RecordBatch,
  i: number,
): { readonly headers: Headers; readonly headerBytes?: Uint8Array; readonly problem?: string } {
  const read = batch.headers(i)
  if (read !== undefined) return { headers: read }
  const headerBytes = batch.headerBytes?.(i) ?? new Uint8Array(0)
  const { headers, problem = 'they cannot be read' } = readHeaders(asBuffer(headerBytes))
  return { headers, headerBytes, problem }
}
