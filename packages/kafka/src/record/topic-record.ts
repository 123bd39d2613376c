import type { Headers } from '@snapstream/core'

/** A record of a topic as handlers get it: decoded key and value, and its place. */
export interface TopicRecord<V, K = string> {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: K | null
  /** Never null, unless the topic was made with `tombstones: true`. */
  readonly value: V
  readonly headers: Headers
  /** In ms since the epoch; -1 for none. Beyond 2^53 it is the nearest number, and `exactTimestamp` is set. */
  readonly timestamp: number
  /** The timestamp, where a number does not hold it, as one in nanoseconds. */
  readonly exactTimestamp?: bigint
  /**
   * All headers as the bytes of a record batch. Set only where some cannot be read, because a name is not UTF-8; `headers`
   * has the others. Such a record fails to decode, unless the topic was made with `brokenHeaders: true`.
   */
  readonly headerBytes?: Uint8Array
}

/** A record as Kafka has it, with its bytes. Dead letters are made of it, and it stands for a record that did not decode. */
export type RawTopicRecord = TopicRecord<Uint8Array | null, Uint8Array>

/** Options of a record that is written. */
export interface RecordMeta {
  /**
   * Strings are written as UTF-8, null as Kafka's null. Takes `headers` and `headerBytes` of a record as they are.
   *
   * @default none
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
 * A value that a topic takes as a sink: a value alone, or a `[key, value, meta?]` pair, where a null value is a tombstone. A topic whose
 * values may be arrays (or are unknown) takes pairs only.
 */
export type TopicInput<V, K = string> = unknown extends V
  ? Pair<V, K>
  : [Extract<V, readonly unknown[]>] extends [never]
    ? Exclude<V, null> | Pair<V, K>
    : Pair<V, K>

/**
 * The key by which records are kept in order with `concurrency`. A codec makes a new object for each key: objects are
 * compared by their content.
 */
export function recordKey({ key }: { readonly key: unknown }): unknown {
  if (typeof key !== 'object' || key === null || key instanceof Uint8Array) return key
  return JSON.stringify(key, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part))
}
