import type { BatchSource, Resource, SinkTarget } from '@snapstream/core'
import type { ChangelogSource, PartitionedSource, Resettable, TableSource } from '@snapstream/core/adapter'
import { resetSource } from '../admin/reset-source.ts'
import { openChangelog } from '../changelog/changelog.ts'
import { openCopartition } from '../changelog/copartition.ts'
import { resetChangelog } from '../changelog/reset-changelog.ts'
import { openTableLog } from '../changelog/table-log.ts'
import { recordKey } from '../record/topic-record.ts'
import { topicControl } from '../reading/topic-control.ts'
import { checkProtocol } from './check-protocol.ts'
import { openTopicSink } from './open-topic-sink.ts'
import { topicLifecycle } from './topic-lifecycle.ts'
import type { AnyTopicOptions, TopicCodecs, TopicNames, TopicOptions } from '../options/topic-options.ts'
import type { RecordMeta, TopicInput, TopicRecord } from '../record/topic-record.ts'
import { topicReading } from './topic-reading.ts'
import type { TopicReading } from './topic-reading.ts'
import { aboutTopic, lastingLanes, openTopicSource } from '../reading/topic-source.ts'
import { keepSpec, topicSpec } from '../options/topic-spec.ts'
import { topicWriter } from '../writing/topic-writer.ts'
import type { CallOptions } from '../writing/unencoded-record.ts'

/**
 * A Kafka topic: a source of records, a sink for values and for `[key, value, meta?]` pairs, and a function that writes
 * one record. Each partition is a lane with the name `topic/partition`.
 */
export interface Topic<V, K = string>
  extends
    BatchSource<TopicRecord<V, K>>,
    TopicReading<V, K>,
    SinkTarget<TopicInput<V, K>>,
    ChangelogSource,
    PartitionedSource,
    TableSource,
    Resettable,
    Resource,
    AsyncDisposable {
  /**
   * Writes one record and resolves when it is acknowledged. A null value is a tombstone. Rejects with `NOT_OPEN`,
   * `ENCODE_FAILED`, `SINK_REFUSED`, `RECORD_TOO_LARGE`, with an error of the broker, or with `BUFFER_FULL` when twice
   * `bufferBytes` already wait because calls were not awaited.
   */
  (
    value: V | null,
    options?: {
      /** The key of the record. @default null: no key */
      readonly key?: K | null
    } & RecordMeta,
  ): Promise<void>
  /** The name of the topic. Several names are joined by commas; a pattern is shown as it is written. */
  readonly name: string
  /**
   * Opens the topic for calls; `stream` opens the topics that are bound. Rejects with `TOPIC_MISSING`,
   * `BROKER_UNREACHABLE`, `AUTHENTICATION_REFUSED`, `TLS_REFUSED`, and `USAGE` for settings that do not fit together.
   */
  open(): Promise<void>
  /**
   * Resolves when all records that were written before the call, by calls and as a sink, are acknowledged. Rejects with the
   * error of a record that was written as a sink and not delivered; a call rejects by itself. Rejects with `NOT_OPEN`.
   */
  flush(): Promise<void>
  /** Waits until all records are acknowledged or have failed. The topic closes when each `open` has had its `close`. */
  close(): Promise<void>
}

/**
 * Makes a topic. Several names, or a pattern that is matched when the topic opens, are read as one source.
 *
 * Throws `USAGE` for a name that Kafka does not allow, and for an option that does not exist or has a wrong value.
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
      return openTopicSource(topic, spec, lifecycle, control, options) as ReturnType<
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
      return openTopicSink(spec, lifecycle, writer.written, options)
    },
    '~snapstream.changelog'(options) {
      checkProtocol(options.scope)
      return openChangelog(options)
    },
    '~snapstream.copartition'(options) {
      checkProtocol(options.scope)
      return openCopartition(options)
    },
    '~snapstream.resetChangelog': resetChangelog,
    // A topic that is only written keeps its records.
    '~snapstream.reset': ({ bindings, dryRun }) =>
      bindings.some(({ sources }) => sources.includes(topic)) ? resetSource(spec, dryRun) : [],
    '~snapstream.table'(options) {
      checkProtocol(options.scope)
      return openTableLog(spec, options)
    },
  }
  Object.defineProperty(topic, 'name', { value: spec.name })
  keepSpec(topic, spec)
  Object.defineProperty(topic, 'paused', { get: () => control.paused })
  Object.defineProperty(topic, '~snapstream.lasting', { get: () => lastingLanes(spec, lifecycle) })
  Object.defineProperty(topic, '~snapstream.about', { get: () => aboutTopic(spec) })
  return Object.assign(topic, members)
}
