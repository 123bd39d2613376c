import type { Headers } from '@snapstream/core'

/** A record as a handler gets it. */
export interface TopicRecord<V, K = string> {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: K | null
  /** Never null, unless the topic was made with `tombstones: true`. */
  readonly value: V
  readonly headers: Headers
  /** In ms since the epoch; -1 for none. Beyond 2^53 it is the nearest number, and `exactTimestamp` is there. */
  readonly timestamp: number
  /** The timestamp, where a number does not hold it: one in nanoseconds, say. */
  readonly exactTimestamp?: bigint
  /**
   * All headers as the bytes that a record batch has, where some cannot be read: a name is not UTF-8. `headers` has the
   * others. It is there for records that are refused for it, and with `brokenHeaders: true`.
   */
  readonly headerBytes?: Uint8Array
}

/** A record as Kafka has it: what goes to a dead letter, and what stands for a record that did not decode. */
export type RawTopicRecord = TopicRecord<Uint8Array | null, Uint8Array>

/** What goes with a value to a topic. */
export interface RecordMeta {
  /**
   * Strings are written as UTF-8, null as Kafka's null. The headers of a record can be handed on as they are, and so can
   * its `headerBytes`.
   */
  readonly headers?: Readonly<Record<string, string | Uint8Array | null>> | Headers | Uint8Array
  /**
   * In ms since the epoch; -1 for none. Any 64-bit integer, beyond 2^53 as a bigint.
   * @default that of the message the value came from, else now
   */
  readonly timestamp?: number | bigint
  /** @default where Kafka's own clients put the key; without a key one partition a batch, in turn */
  readonly partition?: number
  /**
   * The topic it goes to instead. It has to exist, is looked up at the first record that names it, and gets the same
   * promises as the topic's own name. @default the topic's own name
   */
  readonly topic?: string
}

export type Pair<V, K> = readonly [key: K | null, value: V | null, meta?: RecordMeta]

/**
 * What a topic takes as a sink: a value, or a `[key, value, meta?]` pair, where a null value is a tombstone. A topic whose
 * values may be arrays (or are unknown) takes pairs only.
 */
export type TopicInput<V, K = string> = unknown extends V
  ? Pair<V, K>
  : [Extract<V, readonly unknown[]>] extends [never]
    ? Exclude<V, null> | Pair<V, K>
    : Pair<V, K>

/**
 * The key by which records are kept in order, with `concurrency`. A key that a codec made is a new object each time: what
 * it says is what counts.
 */
export function recordKey({ key }: { readonly key: unknown }): unknown {
  if (typeof key !== 'object' || key === null || key instanceof Uint8Array) return key
  return JSON.stringify(key, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part))
}
