import type { Codec } from '@snapstream/core'
import type { KafkaConf } from '../conf/kafka-conf.ts'
import type { TopicPartition, TopicPartitionOffset } from '../driver/driver.ts'
import type { TopicCreation } from './topic-creation.ts'

/** The options of a `Topic`, all of them optional. */
export interface TopicOptions {
  /**
   * The consumer group that reads the topic. Null: read all partitions without a group, and commit nothing. A source needs a
   * group or null. @default the `groupId` of the settings
   */
  readonly groupId?: string | null | undefined
  /**
   * Topics that a handler needs together with this one, as `Topic` or by name: partition n of each is assigned to the same
   * member of the group, so that records with the same key meet in one process. The topics must be read in the same stream,
   * with the same group and settings, and have the same number of partitions. It is enough if one of them names the others.
   * @default none: each topic is assigned by itself
   */
  readonly copartitionedWith?: Copartitioned | readonly Copartitioned[] | undefined
  /**
   * The offset to start at in a partition in which the group has committed nothing: one for all partitions, or one by
   * partition. Negative counts from the end. @default as `autoOffsetReset` says
   */
  readonly offset?: number | Readonly<Record<number, number>> | undefined
  /**
   * In a partition in which the group has committed nothing, start at the first record with this timestamp or a later one,
   * in ms since the epoch. Not together with `offset`. @default as `autoOffsetReset` says
   */
  readonly timestamp?: number | Date | undefined
  /**
   * Called when partitions are assigned to this member of the group, with the offset at which each starts, and awaited
   * before their first message. A `seek` of the topic during the call sets the start of a partition, and the group goes on
   * from there. The stream ends if it throws, or takes longer than `rebalanceTimeoutMs`.
   * @default none
   */
  readonly onAssigned?: ((partitions: readonly TopicPartitionOffset[]) => unknown) | undefined
  /**
   * Called before partitions are revoked from this member, also at the end of the stream; their messages in flight are
   * finished and committed by then. It is awaited before another member gets them; with `'lost'` another member may have
   * them already. The stream ends if it throws, or takes longer than `rebalanceTimeoutMs`.
   * @default none
   */
  readonly onRevoked?: ((partitions: readonly TopicPartition[], reason: 'revoked' | 'lost') => unknown) | undefined
  /** `'end'`: the source ends where each partition ended when the topic was opened. @default the source does not end */
  readonly until?: 'end' | undefined
  /**
   * Whether a record whose headers cannot all be read (a name is not UTF-8) reaches the handler, with `headerBytes`.
   * @default false: the record fails and goes to `onError`
   */
  readonly brokenHeaders?: boolean | undefined
  /** Creates the topic when it is opened, if it does not exist. @default false: opening rejects with `TOPIC_MISSING` */
  readonly create?: boolean | TopicCreation | undefined
  /**
   * Whether streams write to the topic in transactions: what a message brings to all exactly-once topics and the position of
   * the message are committed together or not at all. As a sink it takes values from topics that are read with a group of the
   * same cluster. It has no effect on calls, each of which writes one record. @default `exactlyOnce` of the settings
   */
  readonly exactlyOnce?: boolean | undefined
  /** Checks and encodes records without sending them. @default false */
  readonly dry?: boolean | undefined
  /** Settings of this topic, over those of `Conf`. @default none */
  readonly conf?: KafkaConf | undefined
}

/** A topic, or its name. */
type Copartitioned = string | { readonly name: string; readonly '~snapstream.source': unknown }

/** The codecs of values and keys. */
export interface TopicCodecs<V, K> {
  /** Encodes and decodes values. */
  readonly codec: Codec<V>
  /** Encodes and decodes keys. @default StringCodec() */
  readonly keyCodec?: Codec<K> | undefined
}

/** All options of `Topic`, before they are checked. */
export interface AnyTopicOptions extends TopicOptions {
  /** Encodes and decodes values. @default StringCodec() */
  readonly codec?: Codec<unknown> | undefined
  /** Encodes and decodes keys. @default StringCodec() */
  readonly keyCodec?: Codec<unknown> | undefined
  /** Whether null values reach the handler. @default false: they are skipped */
  readonly tombstones?: boolean | undefined
}

/** A name of a topic, several names, or a pattern that names are matched against when the topic opens. */
export type TopicNames = string | readonly string[] | RegExp
