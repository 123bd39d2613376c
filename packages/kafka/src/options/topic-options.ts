import type { Codec } from '@snapstream/core'
import type { KafkaConf } from '../conf/kafka-conf.ts'
import type { TopicPartition, TopicPartitionOffset } from '../driver/driver.ts'
import type { TopicCreation } from './topic-creation.ts'

export interface TopicOptions {
  /**
   * The consumer group that reads the topic, or null to read all of it without a group and without committing. A topic
   * that is a source needs one or the other.
   */
  readonly groupId?: string | null | undefined
  /**
   * Topics that a handler needs together with this one, as `Topic` or by name: partition n of each goes to the same member
   * of the group, so that what has the same key meets in one process. They have to be read in the same stream, with the
   * same group and settings, and to have as many partitions. One of them is enough to say so.
   * @default each topic is shared out for itself
   */
  readonly copartitionedWith?: Copartitioned | readonly Copartitioned[] | undefined
  /**
   * Where to start in a partition in which the group has committed nothing: one offset for all of them, or one for each
   * that is named. Negative counts from the end.
   * @default what `autoOffsetReset` says
   */
  readonly offset?: number | Readonly<Record<number, number>> | undefined
  /**
   * Where to start in a partition in which the group has committed nothing: at the first record of this time or later, in
   * ms since the epoch. Not together with `offset`.
   * @default what `autoOffsetReset` says
   */
  readonly timestamp?: number | Date | undefined
  /**
   * Called when this member of the group was given partitions, with the offset each starts at, and awaited before their
   * first message. A `seek` of the topic in it decides where a partition begins, and the group goes on from there. What it
   * throws, and taking longer than `rebalanceTimeoutMs`, ends the stream.
   * @default none
   */
  readonly onAssigned?: ((partitions: readonly TopicPartitionOffset[]) => unknown) | undefined
  /**
   * Called before this member gives partitions up, also at the end of the stream: what is in flight of them is finished and
   * committed by then. It is awaited before another gets them; with `'lost'` another may have them already. What it
   * throws, and taking longer than `rebalanceTimeoutMs`, ends the stream.
   * @default none
   */
  readonly onRevoked?: ((partitions: readonly TopicPartition[], reason: 'revoked' | 'lost') => unknown) | undefined
  /** Ends the source where each partition ended when the topic was opened. @default it never ends */
  readonly until?: 'end' | undefined
  /**
   * Records whose headers cannot all be read (a name is not UTF-8) reach the handler as any other, with `headerBytes`.
   * @default false: that is an error of the record, for `onError`
   */
  readonly brokenHeaders?: boolean | undefined
  /** Creates the topic when it is opened, if it does not exist. @default false: that is an error */
  readonly create?: boolean | TopicCreation | undefined
  /** Checks and encodes what is written, and does not send it. @default false */
  readonly dry?: boolean | undefined
  /** Settings that go before those of `Conf`. */
  readonly conf?: KafkaConf | undefined
}

/** A topic, or its name. */
type Copartitioned = string | { readonly name: string; readonly '~snapstream.source': unknown }

/** How values and keys are turned into bytes and back. */
export interface TopicCodecs<V, K> {
  readonly codec: Codec<V>
  /** @default StringCodec() */
  readonly keyCodec?: Codec<K> | undefined
}

/** Everything `Topic` takes, before it is checked. */
export interface AnyTopicOptions extends TopicOptions {
  readonly codec?: Codec<unknown> | undefined
  readonly keyCodec?: Codec<unknown> | undefined
  readonly tombstones?: boolean | undefined
}

export type TopicNames = string | readonly string[] | RegExp
