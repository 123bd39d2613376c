import type { Headers } from '@snapstream/core'

/** A record of a topic as handlers get it: decoded key and value, and its place. */
export interface TopicRecord<V, K = string> {
  /** The name of the topic. */
  readonly topic: string
  /** The number of the partition, from 0. */
  readonly partition: number
  /** The offset in the partition. */
  readonly offset: number
  /** The decoded key; null for none. */
  readonly key: K | null
  /** The decoded value. Never null, unless the topic was made with `tombstones: true`. */
  readonly value: V
  /** The headers as pairs of name and bytes (or null), in order. `header(record, name)` reads one as text. */
  readonly headers: Headers
  /** The timestamp in ms since the epoch; -1 for none. Beyond 2^53 it is the nearest number, and `exactTimestamp` is set. */
  readonly timestamp: number
  /** The exact timestamp, if it does not fit into a number, such as one in nanoseconds. */
  readonly exactTimestamp?: bigint
  /**
   * All headers as the bytes of a record batch. Set only if some cannot be read, because a name is not UTF-8; `headers` has
   * the others. Such a record fails to decode, unless the topic was made with `brokenHeaders: true`.
   */
  readonly headerBytes?: Uint8Array
}

/** A record with the original bytes of key and value. `onError` gets it for a record that does not decode. */
export type RawTopicRecord = TopicRecord<Uint8Array | null, Uint8Array>

/** The metadata of a record to write. */
export interface RecordMeta {
  /**
   * The headers. Strings are written as UTF-8, null as Kafka's null. `headers` and `headerBytes` of a record can be given as
   * they are.
   *
   * @default none
   */
  readonly headers?: Readonly<Record<string, string | Uint8Array | null>> | Headers | Uint8Array
  /**
   * The timestamp in ms since the epoch; -1 for none. Any 64-bit integer, beyond 2^53 as a bigint.
   * @default that of the message that the value was made from, else now
   */
  readonly timestamp?: number | bigint
  /**
   * The number of the partition, from 0.
   * @default the one that Kafka's own clients choose for the key; without a key, each batch goes to the next partition
   */
  readonly partition?: number
  /**
   * Another topic to write to. It must exist, is looked up at the first record that names it, and has the same guarantees as
   * the topic's own name. @default the topic's own name
   */
  readonly topic?: string
}

/** A record to write: a key (null for none), a value (null for a tombstone), and optional metadata. */
export type Pair<V, K> = readonly [key: K | null, value: V | null, meta?: RecordMeta]

/**
 * The input of a topic as a sink: a value alone, or a `[key, value, meta?]` pair, where a null value is a tombstone. A topic
 * whose values may be arrays (or are unknown) takes pairs only.
 */
export type TopicInput<V, K = string> = unknown extends V
  ? Pair<V, K>
  : [Extract<V, readonly unknown[]>] extends [never]
    ? Exclude<V, null> | Pair<V, K>
    : Pair<V, K>

/**
 * The key by which `concurrency` keeps records in order. Objects are compared by their content, as a codec makes a new object
 * for each key.
 */
export function recordKey({ key }: { readonly key: unknown }): unknown {
  if (typeof key !== 'object' || key === null || key instanceof Uint8Array) return key
  return JSON.stringify(key, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part))
}
