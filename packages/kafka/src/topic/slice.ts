import { SnapstreamError, platformHost } from '@snapstream/core'
import type { BatchSource, ReaderOptions, SourceReader } from '@snapstream/core'
import { partitionBounds } from '../driver/partition-bounds.ts'
import type { PartitionBounds } from '../driver/partition-bounds.ts'
import { partitionKey } from '../driver/topic-partition.ts'
import { withAdmin } from '../driver/with-admin.ts'
import { expectOffset, expectOneTopic, expectOptions, expectPartition, expectTopic } from '../options/place.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import { lookBack } from '../reading/look-back.ts'
import { partitionLane } from '../reading/partition-lane.ts'
import { rangeReader } from '../reading/range-reader.ts'
import type { OffsetRange } from '../reading/range-reader.ts'
import { decodeBatch, messageBatch } from '../record/decode-batch.ts'
import { recordKey } from '../record/topic-record.ts'
import type { TopicRecord } from '../record/topic-record.ts'
import { checkProtocol } from './check-protocol.ts'
import type { OpenTopic, TopicLifecycle } from './topic-lifecycle.ts'

/** The options of `topic.slice`. */
export interface SliceOptions {
  /** Numbers of partitions, from 0. @default all partitions */
  readonly partitions?: readonly number[]
  /** The name of a topic, if the Topic stands for several. @default all of them */
  readonly topic?: string
}

/** The options of `topic.at`. */
export interface AtOptions {
  /** The number of the partition. @default 0 */
  readonly partition?: number
  /** The name of the topic. Required if the Topic stands for several topics. @default the topic's own name */
  readonly topic?: string
}

/**
 * A range of offsets of a topic, for `for await` and, as a source that ends, for `snap`. Each iteration finds the range
 * again.
 */
export interface TopicSlice<V, K = string> extends BatchSource<TopicRecord<V, K>>, AsyncIterable<TopicRecord<V, K>> {}

type AnyRecord = TopicRecord<unknown, unknown>

interface SliceArguments {
  readonly start: number | undefined
  readonly end: number | undefined
  readonly options: SliceOptions
}

/** `topic.slice(start, end, options)`. Throws `USAGE`. */
export function topicSlice(
  spec: TopicSpec,
  lifecycle: TopicLifecycle,
  { start, end, options }: SliceArguments,
): TopicSlice<unknown, unknown> {
  if (start !== undefined) expectOffset(spec, 'the start of a slice', start)
  if (end !== undefined) expectOffset(spec, 'the end of a slice', end)
  expectOptions(spec, options, ['partitions', 'topic'])
  expectTopic(spec, options.topic)
  for (const partition of options.partitions ?? []) expectPartition(spec, partition)

  async function open({ host, signal }: Pick<ReaderOptions, 'host' | 'signal'>): Promise<SourceReader<AnyRecord>> {
    const opened = await lifecycle.open(host)
    try {
      const ranges = await offsetRanges(spec, opened, { start, end, options })
      return sliceReader({ spec, opened, ranges, signal, closed: () => lifecycle.close() })
    } catch (error) {
      await lifecycle.close()
      throw error
    }
  }

  return {
    '~snapstream.source'(options) {
      checkProtocol(options.scope)
      return open(options)
    },
    '~snapstream.key': recordKey,
    '~snapstream.bounded': true,
    async *[Symbol.asyncIterator]() {
      const reader = await open({ host: platformHost(), signal: new AbortController().signal })
      try {
        for (let batch = await reader.read(); batch !== undefined; batch = await reader.read()) {
          for (const [i, record] of batch.messages.entries()) {
            const error = batch.error?.(i)
            if (error !== undefined) throw error
            yield record
          }
          batch.done(batch.messages.length)
        }
      } finally {
        await reader.close()
      }
    },
  }
}

/** `topic.at(offset, options)`. Rejects with `USAGE`. */
export async function recordAt(
  spec: TopicSpec,
  lifecycle: TopicLifecycle,
  offset: number,
  options: AtOptions = {},
): Promise<AnyRecord | undefined> {
  expectOffset(spec, 'an offset', offset)
  expectOptions(spec, options, ['partition', 'topic'])
  const { partition = 0, topic } = options
  expectOneTopic(spec, topic)
  const slice = topicSlice(spec, lifecycle, {
    start: offset,
    end: offset === -1 ? undefined : offset + 1,
    options: { partitions: [partition], ...(topic !== undefined && { topic }) },
  })
  for await (const record of slice) return record
  return undefined
}

function sliceReader({
  spec,
  opened: { settings },
  ranges,
  signal,
  closed,
}: {
  readonly spec: TopicSpec
  readonly opened: OpenTopic
  readonly ranges: readonly OffsetRange[]
  readonly signal: AbortSignal
  readonly closed: () => Promise<void>
}): SourceReader<AnyRecord> {
  const reader = rangeReader(settings, ranges)
  const lanes = new Map(
    ranges.map((range) => [partitionKey(range), partitionLane(range.topic, range.partition, range.start, range.end)]),
  )
  let closing: Promise<void> | undefined
  // An error of closing is reported by `close`.
  const stop = () => void (closing ??= reader.close()).catch(() => {})
  signal.addEventListener('abort', stop)

  return {
    async read() {
      for (;;) {
        const batch = signal.aborted ? undefined : await reader.read()
        const lane = batch && lanes.get(partitionKey(batch))
        if (batch === undefined || lane === undefined) return undefined
        const decoded = decodeBatch(batch, spec, lane.contexts, lane.end)
        await decoded.pending
        const release = () => reader.release(batch)
        if (decoded.messages.length > 0)
          return messageBatch(batch, decoded, lane.lane, Math.min(batch.nextOffset, lane.end), release)
        release()
      }
    },
    // A slice belongs to no group: the next iteration begins at its start again.
    commit() {},
    async close() {
      signal.removeEventListener('abort', stop)
      try {
        await (closing ??= reader.close())
      } finally {
        await closed()
      }
    },
  }
}

/** The offsets of each partition that a slice covers now, clipped to those that exist. Rejects with `USAGE`. */
async function offsetRanges(
  spec: TopicSpec,
  opened: Pick<OpenTopic, 'settings' | 'found'>,
  { start, end, options }: SliceArguments,
): Promise<readonly OffsetRange[]> {
  const bounds = await chosenBounds(spec, opened, options)
  const count = Math.max(0, -(start ?? 0), -(end ?? 0))
  const last = await lookBack(opened.settings, bounds, count, (batch, i) => spec.tombstones || batch.value(i) !== null)

  const place = (at: PartitionBounds, offset: number) => {
    if (offset >= 0) return Math.min(Math.max(offset, at.earliest), at.latest)
    return last.get(partitionKey(at))?.at(offset) ?? at.earliest
  }
  return bounds
    .map((at) => {
      const { topic, partition, earliest, latest } = at
      return {
        topic,
        partition,
        start: start === undefined ? earliest : place(at, start),
        end: end === undefined ? latest : place(at, end),
      }
    })
    .filter((range) => range.start < range.end)
}

async function chosenBounds(
  spec: TopicSpec,
  { settings, found }: Pick<OpenTopic, 'settings' | 'found'>,
  { topic, partitions }: SliceOptions,
): Promise<readonly PartitionBounds[]> {
  const topics = chosenTopics(spec, await found(), topic)
  const bounds = await withAdmin(settings, (admin) =>
    Promise.all(topics.map((name) => partitionBounds(admin, name, settings.consumer.isolationLevel))),
  )
  if (partitions === undefined) return bounds.flat()
  return bounds.flatMap((of) =>
    [...new Set(partitions)].map((partition) => of[partition] ?? refusePartition(of, partition)),
  )
}

function chosenTopics(spec: TopicSpec, found: readonly string[], topic: string | undefined): readonly string[] {
  if (topic === undefined) return found
  if (found.includes(topic)) return [topic]
  throw new SnapstreamError(
    'USAGE',
    `Topic(${JSON.stringify(spec.name)}) does not read a topic ${JSON.stringify(topic)}; it reads ${found.join(', ')}`,
    { topic },
  )
}

function refusePartition(bounds: readonly PartitionBounds[], partition: number): never {
  const topic = bounds[0]?.topic ?? ''
  throw new SnapstreamError(
    'USAGE',
    `the topic ${JSON.stringify(topic)} has no partition ${partition}; it has ${bounds.length}, numbered from 0`,
    { topic, partition },
  )
}
