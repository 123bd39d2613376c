import type { BatchSource } from '@snapstream/core'
import type { TopicPartitionOffset } from '../driver/driver.ts'
import type { SeekTo } from '../options/place.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import type { TopicControl } from '../reading/topic-control.ts'
import type { TopicRecord } from '../record/topic-record.ts'
import { topicLag } from './lag.ts'
import type { PartitionLag } from './lag.ts'
import { seekTopic } from './seek.ts'
import type { SeekOptions } from './seek.ts'
import { recordAt, topicSlice } from './slice.ts'
import type { AtOptions, SliceOptions, TopicSlice } from './slice.ts'
import { topicIterator } from './topic-iterator.ts'
import type { TopicLifecycle } from './topic-lifecycle.ts'

/** The members of a topic that read it, in addition to its use as a source. */
export interface TopicReading<V, K> extends AsyncIterable<TopicRecord<V, K>> {
  /**
   * The records of each partition from the offset `start` up to, but not including, the offset `end`, read without a
   * group: for `for await`, and for `snap` as a source that ends. As with arrays, negative numbers count records from the
   * end, and an offset outside of the partition is clipped. Transactions, compaction and deletion leave holes between
   * offsets, so there may be fewer records than offsets. Both ends are looked up when an iteration begins; without `end`
   * it ends where the topic ends then (with `read_committed`: before the first open transaction).
   *
   * The records of a partition come in order; records of different partitions come in any order. The topic need not be open.
   *
   * Throws `USAGE`. An iteration rejects with `USAGE` for a partition that does not exist, and with `DECODE_FAILED`,
   * `TOPIC_MISSING` and `BROKER_UNREACHABLE`. After a record that does not decode, go on with
   * `slice(error.offset + 1, end, { partitions: [error.partition] })`; in `snap` it goes to `onError`.
   *
   * @param start an offset; default the first one
   * @param end an offset; default the end of the partition when the iteration begins
   * @example
   * for await (const { value } of orders.slice(-10)) console.log(value) // the last ten of each partition
   */
  slice(start?: number, end?: number, options?: SliceOptions): TopicSlice<V, K>
  /**
   * The record at an offset; -1 is the last record. Resolves with undefined if the offset holds no record, or only a
   * tombstone that the topic skips. The topic need not be open. Rejects as `slice` does.
   */
  at(offset: number, options?: AtOptions): Promise<TopicRecord<V, K> | undefined>
  /**
   * Reads the topic with its group, as a source does, without `stream`: to the end with `until: 'end'`, else until the
   * loop is left. A record counts as handled when the loop asks for the next one. Handled records are committed every
   * second and when the loop ends. The record at which the loop is left by `break`, `return` or an error does not count
   * as handled and is read again.
   */
  [Symbol.asyncIterator](): AsyncIterator<TopicRecord<V, K>, undefined>
  /**
   * Moves the streams of this process that read the topic: to an offset (negative: from the end), to `'earliest'`,
   * `'latest'`, or to the first record with a timestamp, in ms since the epoch. Once it resolves, no handler receives
   * records that were read before. Messages in flight are finished and acknowledged; then reading goes on at the new
   * position, and the group's committed offset follows, also backwards. It can be awaited in a handler.
   *
   * Rejects with `NOT_OPEN` if no stream reads the topic, with `USAGE` for a partition that another member reads, and
   * with `OFFSET_OUT_OF_RANGE`.
   */
  seek(to: SeekTo, options?: SeekOptions): Promise<void>
  /**
   * Stops delivering messages of the topic in all streams of this process; messages in flight are finished. Other topics
   * and checkpoints go on, and the group keeps its members. The topic stays paused when a stream ends and another begins.
   */
  pause(): void
  /** Goes on after the last message that was handled. */
  resume(): void
  /** Whether the topic is paused. */
  readonly paused: boolean
  /**
   * The position and the lag of the topic's group, by partition. The topic need not be open. Rejects with `USAGE` if the
   * topic has no group, with `TOPIC_MISSING`, and with `BROKER_UNREACHABLE`.
   */
  lag(): Promise<readonly PartitionLag[]>
  /** The offsets that the topic's group reads next, in the partitions in which it has committed. Rejects as `lag` does. */
  committed(): Promise<readonly TopicPartitionOffset[]>
}

/** All members except `paused`, which changes. */
export function topicReading(
  spec: TopicSpec,
  lifecycle: TopicLifecycle,
  control: TopicControl,
  source: BatchSource<TopicRecord<unknown, unknown>>,
): Omit<TopicReading<unknown, unknown>, 'paused'> {
  return {
    slice: (start, end, options = {}) => topicSlice(spec, lifecycle, { start, end, options }),
    at: (offset, options) => recordAt(spec, lifecycle, offset, options),
    [Symbol.asyncIterator]: () => topicIterator(source, spec.name),
    seek: (to, options) => seekTopic({ spec, lifecycle, control }, to, options),
    pause: () => control.pause(),
    resume: () => control.resume(),
    lag: () => topicLag(spec, lifecycle),
    async committed() {
      const lags = await topicLag(spec, lifecycle)
      return lags.flatMap(({ topic, partition, committed: offset }) =>
        offset === undefined ? [] : [{ topic, partition, offset }],
      )
    },
  }
}
