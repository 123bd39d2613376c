import type { BatchSource, Resource, SinkTarget } from '@snapstream/core'
import { recordKey } from '../record/topic-record.ts'
import { topicControl } from '../reading/topic-control.ts'
import { checkProtocol } from './check-protocol.ts'
import { topicLifecycle } from './topic-lifecycle.ts'
import type { AnyTopicOptions, TopicCodecs, TopicNames, TopicOptions } from '../options/topic-options.ts'
import type { RecordMeta, TopicInput, TopicRecord } from '../record/topic-record.ts'
import { topicReading } from './topic-reading.ts'
import type { TopicReading } from './topic-reading.ts'
import { lastingLanes, openTopicSource } from '../reading/topic-source.ts'
import { keepSpec, topicSpec } from '../options/topic-spec.ts'
import { topicWriter } from '../writing/topic-writer.ts'
import type { CallOptions } from '../writing/topic-writer.ts'

/**
 * A Kafka topic: a source of records, a sink for values and `[key, value, meta?]` pairs, and a function that writes one
 * record. Its lanes are called `topic/partition`.
 */
export interface Topic<V, K = string>
  extends BatchSource<TopicRecord<V, K>>, TopicReading<V, K>, SinkTarget<TopicInput<V, K>>, Resource, AsyncDisposable {
  /**
   * Writes one record and resolves when it is acknowledged. A null value is a tombstone. Rejects with `NOT_OPEN`,
   * `ENCODE_FAILED`, `SINK_REFUSED`, `RECORD_TOO_LARGE`, what the broker says, or `BUFFER_FULL` when twice `bufferBytes`
   * wait already, because calls were not awaited.
   */
  (value: V | null, options?: { readonly key?: K | null } & RecordMeta): Promise<void>
  /** The topic's name; several are joined by commas, a pattern is as it is written. */
  readonly name: string
  /**
   * Opens the topic for calls; `stream` does it for what is bound. Rejects with `TOPIC_MISSING`, `BROKER_UNREACHABLE`,
   * `USAGE` for settings that do not fit.
   */
  open(): Promise<void>
  /**
   * Resolves when everything that was written by now is acknowledged, by calls and as a sink. Rejects with what was not
   * delivered of what was written as a sink; calls told their callers. Rejects with `NOT_OPEN`.
   */
  flush(): Promise<void>
  /** Waits until all that was written is acknowledged or has failed, then closes, if it is the last of those who opened. */
  close(): Promise<void>
}

/**
 * A topic by its name; several topics, or all that match a pattern when it is opened, can be read as one.
 *
 * Throws `USAGE` for a name or an option that is not what it takes.
 *
 * @example
 * const orders = Topic('orders', { groupId: 'billing', create: { partitions: 4 } })
 * snap(orders, { sink: [console.log] })(({ key, value }) => `${key}: ${value}`)
 */
export function Topic(name: TopicNames, options: TopicOptions & { readonly tombstones: true }): Topic<string | null>
export function Topic(name: TopicNames, options?: TopicOptions & { readonly tombstones?: false }): Topic<string>
export function Topic<V, K = string>(
  name: TopicNames,
  options: TopicOptions & TopicCodecs<V, K> & { readonly tombstones: true },
): Topic<V | null, K>
export function Topic<V, K = string>(
  name: TopicNames,
  options: TopicOptions & TopicCodecs<V, K> & { readonly tombstones?: false },
): Topic<V, K>
export function Topic(names: TopicNames, options: AnyTopicOptions = {}): unknown {
  checkProtocol()
  const spec = topicSpec(names, options)
  const lifecycle = topicLifecycle(spec)
  const control = topicControl()
  const writer = topicWriter(spec, lifecycle)
  const topic = (value: unknown, options?: CallOptions) => writer.call(value, options)

  const source: BatchSource<TopicRecord<unknown, unknown>> = {
    '~snapstream.source'(options) {
      checkProtocol(options.scope)
      return openTopicSource(spec, lifecycle, control, options) as ReturnType<
        Topic<unknown, unknown>['~snapstream.source']
      >
    },
    '~snapstream.key': recordKey,
    '~snapstream.bounded': spec.untilEnd,
  }
  const members: Omit<Topic<unknown, unknown>, 'name' | 'paused'> = {
    ...source,
    ...topicReading(spec, lifecycle, control, source),

    async open() {
      await lifecycle.open()
    },
    flush: () => writer.flush(),
    close: () => lifecycle.close(),
    [Symbol.asyncDispose]: () => lifecycle.close(),
    '~snapstream.sink'(options) {
      checkProtocol(options.scope)
      return writer.openSink(options)
    },
  }
  Object.defineProperty(topic, 'name', { value: spec.name })
  keepSpec(topic, spec)
  Object.defineProperty(topic, 'paused', { get: () => control.paused })
  Object.defineProperty(topic, '~snapstream.lasting', { get: () => lastingLanes(spec, lifecycle) })
  return Object.assign(topic, members)
}
