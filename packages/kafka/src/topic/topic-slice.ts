import { platformHost } from '@snapstream/core'
import type { BatchSource, ReaderOptions, SourceReader } from '@snapstream/core'
import { decodeBatch, messageBatch } from '../record/decode-batch.ts'
import { partitionLane } from '../reading/partition-lane.ts'
import { rangeReader } from '../reading/range-reader.ts'
import type { OffsetRange } from '../reading/range-reader.ts'
import { partitionKey } from '../driver/topic-partition.ts'
import { recordKey } from '../record/topic-record.ts'
import { checkProtocol } from './check-protocol.ts'
import type { OpenTopic, TopicLifecycle } from './topic-lifecycle.ts'
import type { TopicRecord } from '../record/topic-record.ts'
import type { TopicSpec } from '../options/topic-spec.ts'

/** A part of a topic, for `for await` and, as a source that ends, for `snap`. Each time it is read anew. */
export interface TopicSlice<V, K = string> extends BatchSource<TopicRecord<V, K>>, AsyncIterable<TopicRecord<V, K>> {}

type AnyRecord = TopicRecord<unknown, unknown>

/** `rangesOf`: what to read, asked each time that reading begins. */
export function topicSlice(
  spec: TopicSpec,
  lifecycle: TopicLifecycle,
  rangesOf: (opened: OpenTopic) => Promise<readonly OffsetRange[]>,
): TopicSlice<unknown, unknown> {
  async function open({ host, signal }: Pick<ReaderOptions, 'host' | 'signal'>): Promise<SourceReader<AnyRecord>> {
    const opened = await lifecycle.open(host)
    try {
      return sliceReader(spec, opened, await rangesOf(opened), signal, () => lifecycle.close())
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

function sliceReader(
  spec: TopicSpec,
  { settings }: OpenTopic,
  ranges: readonly OffsetRange[],
  signal: AbortSignal,
  closed: () => Promise<void>,
): SourceReader<AnyRecord> {
  const reader = rangeReader(settings, ranges)
  const lanes = new Map(
    ranges.map((range) => [partitionKey(range), partitionLane(range.topic, range.partition, range.start, range.end)]),
  )
  let closing: Promise<void> | undefined
  // How it ends is what `close` says.
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
    // It is of no group: next time it is read from its start again.
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
