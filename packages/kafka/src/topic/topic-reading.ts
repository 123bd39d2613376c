import type { BatchSource } from '@snapstream/core'
import type { TopicPartitionOffset } from '../driver/driver.ts'
import { expectOffset, expectOneTopic, expectOptions, expectPartition, expectTopic } from '../options/place.ts'
import type { SeekTo } from '../options/place.ts'
import { sliceRanges } from './slice-ranges.ts'
import type { TopicControl } from '../reading/topic-control.ts'
import { topicIterator } from './topic-iterator.ts'
import { topicLag } from './lag.ts'
import type { PartitionLag } from './lag.ts'
import type { TopicLifecycle } from './topic-lifecycle.ts'
import type { TopicRecord } from '../record/topic-record.ts'
import { seekTopic } from './seek.ts'
import type { SeekOptions } from './seek.ts'
import { topicSlice } from './topic-slice.ts'
import type { TopicSlice } from './topic-slice.ts'
import type { TopicSpec } from '../options/topic-spec.ts'

export interface SliceOptions {
  /** @default all */
  readonly partitions?: readonly number[]
  /** One of the topics, where the Topic stands for several. @default all of them */
  readonly topic?: string
}

export interface AtOptions {
  /** @default 0 */
  readonly partition?: number
  /** Needed where the Topic stands for several. */
  readonly topic?: string
}

/** How a topic is read, beside being a source. */
export interface TopicReading<V, K> extends AsyncIterable<TopicRecord<V, K>> {
  /**
   * The records from the offset `start` up to and without `end`, of each partition, without a group: for `for await`, and
   * for `snap` as a source that ends. As with arrays, negative numbers count records from the end, and what lies outside
   * is clipped. Offsets are no indexes: transactions, compaction and deletion leave holes, so that there may be fewer
   * records than offsets. Both ends are found when reading begins, anew each time; without `end` it ends where the
   * topic ends then (with `read_committed`: before the first open transaction).
   *
   * A partition is read in order; between partitions there is none. The topic need not be open. Throws `USAGE`; reading
   * rejects with `USAGE` for a partition that there is not, with `DECODE_FAILED`, `TOPIC_MISSING`, `BROKER_UNREACHABLE`.
   * After a record that does not decode go on with `slice(error.offset + 1, end, { partitions: [error.partition] })`;
   * in `snap` it goes to `onError`.
   *
   * @param start default the first there is
   * @param end default the end as it is when reading begins
   * @example
   * for await (const { value } of orders.slice(-10)) console.log(value) // the last ten of each partition
   */
  slice(start?: number, end?: number, options?: SliceOptions): TopicSlice<V, K>
  /**
   * The record at an offset; -1 is the last there is. Undefined if there is none, or only a tombstone that the topic
   * passes over. The topic need not be open. Rejects as `slice` does.
   */
  at(offset: number, options?: AtOptions): Promise<TopicRecord<V, K> | undefined>
  /**
   * Reads the topic with its group, as a source does, without `stream`: to the end with `until: 'end'`, else until the loop
   * is left. A record counts as handled when the next one is asked for. What is handled is committed every second and when
   * the loop ends; the record at which it is left by `break`, `return` or an error is not, and comes again.
   */
  [Symbol.asyncIterator](): AsyncIterator<TopicRecord<V, K>, undefined>
  /**
   * Lets those in this process who read the topic in a stream go on from somewhere else: an offset (negative: from the
   * end), the `'earliest'`, the `'latest'`, or the first record of a time in ms since the epoch. Once it resolves no
   * handler gets what was read before; what is in flight is finished and acknowledged, then reading goes on there, and
   * that is where the group goes on from, also backwards. It can be awaited in a handler.
   *
   * Rejects with `NOT_OPEN` where nothing reads the topic, `USAGE` for a partition that others read, and
   * `OFFSET_OUT_OF_RANGE`.
   */
  seek(to: SeekTo, options?: SeekOptions): Promise<void>
  /**
   * No message of the topic reaches a handler from now on, in any stream of this process; those in flight are finished.
   * Other topics go on, as do checkpoints, and the group keeps its members. It stays paused over the end of a stream.
   */
  pause(): void
  /** Goes on behind what was handled. */
  resume(): void
  /** Whether it is paused. */
  readonly paused: boolean
  /**
   * How far the topic's group has come, partition by partition. The topic need not be open. Rejects with `USAGE` without
   * a group.
   */
  lag(): Promise<readonly PartitionLag[]>
  /** The offsets that the topic's group reads next, for partitions where it has committed one. Rejects as `lag` does. */
  committed(): Promise<readonly TopicPartitionOffset[]>
}

/** All of it but `paused`, which changes. */
export function topicReading(
  spec: TopicSpec,
  lifecycle: TopicLifecycle,
  control: TopicControl,
  source: BatchSource<TopicRecord<unknown, unknown>>,
): Omit<TopicReading<unknown, unknown>, 'paused'> {
  function slice(start?: number, end?: number, options: SliceOptions = {}) {
    if (start !== undefined) expectOffset(spec, 'the start of a slice', start)
    if (end !== undefined) expectOffset(spec, 'the end of a slice', end)
    expectOptions(spec, options, ['partitions', 'topic'])
    const { partitions, topic } = options
    expectTopic(spec, topic)
    for (const partition of partitions ?? []) expectPartition(spec, partition)
    return topicSlice(spec, lifecycle, (opened) => sliceRanges(spec, opened, { start, end, partitions, topic }))
  }

  return {
    slice,
    async at(offset, options = {}) {
      expectOffset(spec, 'an offset', offset)
      expectOptions(spec, options, ['partition', 'topic'])
      const { partition = 0, topic } = options
      expectOneTopic(spec, topic)
      const chosen = { partitions: [partition], ...(topic !== undefined && { topic }) }
      for await (const record of slice(offset, offset === -1 ? undefined : offset + 1, chosen)) return record
      return undefined
    },
    [Symbol.asyncIterator]: () => topicIterator(source, spec.name),
    seek: (to, options) => seekTopic(spec, lifecycle, control, to, options),
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
