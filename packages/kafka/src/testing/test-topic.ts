import { SnapstreamError } from '@snapstream/core'
import type { Host } from '@snapstream/core'
import { confDefaults } from '../conf/conf.ts'
import { mergeSettings } from '../conf/settings.ts'
import { groupMissing } from '../reading/group-consumer.ts'
import type { DriverAdmin } from '../driver/driver.ts'
import { partitionOf } from '../producer/partitioner.ts'
import { WITH_VALUE, checkMeta } from '../record/check-input.ts'
import { recordEncoder, toHeaders } from '../record/encode-record.ts'
import type { RecordMeta, TopicRecord } from '../record/topic-record.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import { recordLog } from './record-log.ts'
import type { TestBroker } from './test-broker.ts'

const WITH_KEY = WITH_VALUE.filter((field) => field !== 'topic')

/** A topic for a test to write to and read from. */
export interface TestTopic<V, K = string> {
  /** The name of the topic. */
  readonly name: string
  /**
   * Writes one record, as another program would, and runs until the app is idle. A null value is a tombstone. Rejects with
   * `ENCODE_FAILED`, `SINK_REFUSED`, and the error that ended the stream.
   *
   * The timestamp is the time of the clock unless it is given. The key decides the partition as in Kafka's clients. Records
   * without a key go to the partitions in turn, from 0 on.
   */
  pipe(
    value: V | null,
    options?: {
      /** The key of the record. @default null: no key */
      readonly key?: K | null
    } & Omit<RecordMeta, 'topic'>,
  ): Promise<void>
  /**
   * The next record that was not read yet, in the order of writing; undefined if all were read. Tombstones have a null value.
   * Records of a transaction can be read once it is committed, and count as written by the commit; those of an aborted one
   * are never read. Rejects with `DECODE_FAILED` if the codec cannot read it; the next call goes on behind it.
   */
  read(): Promise<TopicRecord<V | null, K> | undefined>
  /** All records that were not read yet. */
  readAll(): Promise<readonly TopicRecord<V | null, K>[]>
  /** The committed offsets of a group, by partition. @default the group of the topic, else that of `Conf` */
  committed(groupId?: string): Promise<readonly (number | undefined)[]>
  /** How many records a group has not committed yet. @default the group of the topic, else that of `Conf` */
  lag(groupId?: string): Promise<number>
}

export interface TestTopicOptions {
  readonly spec: TopicSpec
  /** The name of the topic, if `spec` has several or a pattern. */
  readonly name: string
  readonly broker: TestBroker
  readonly host: Host
  /** All test topics of this name share it. */
  readonly log: ReturnType<typeof recordLog>
  /** Runs until the app is idle. */
  run(): Promise<void>
  /** Rejects with the error that ended the stream, if it was not reported yet. */
  tell(): Promise<void>
}

export function testTopic({ spec, name, broker, host, log, run, tell }: TestTopicOptions): TestTopic<unknown, unknown> {
  const encode = recordEncoder(spec, name)
  const partitions = () => broker.partitions(name, spec.create?.partitions)

  async function pipe(value: unknown, options: { readonly key?: unknown } & RecordMeta = {}): Promise<void> {
    await tell()
    checkMeta(options, name, WITH_KEY)
    const { key = null, headers, timestamp = host.now(), partition } = options
    const record = await encode(key, value, toHeaders(headers, name), timestamp)
    const count = await partitions()
    const chosen = partition ?? (record.key === null ? log.turn(count) : partitionOf(record.key, count))
    const producer = await broker.client.producer({ acks: -1, compression: 'none', idempotence: false })
    const [result] = await producer.send([{ topic: name, partition: chosen, records: [record] }])
    await producer.close()
    if (result?.error) throw result.error
    await run()
  }

  function groupOf(groupId = spec.groupId ?? mergeSettings(confDefaults(), spec.conf).groupId): string {
    if (groupId === undefined) throw groupMissing(spec.name)
    return groupId
  }

  async function ask<T>(question: (admin: DriverAdmin) => Promise<T>): Promise<T> {
    await tell()
    await partitions()
    const admin = await broker.client.admin()
    try {
      return await question(admin)
    } finally {
      await admin.close()
    }
  }

  return {
    name,
    pipe,
    async read() {
      await tell()
      return log.next(spec)
    },
    async readAll() {
      await tell()
      const records = []
      for (let record = await log.next(spec); record; record = await log.next(spec)) records.push(record)
      return records
    },
    committed: (groupId) =>
      ask(async (admin) => {
        const committed = await admin.committed(groupOf(groupId), [name])
        const offsets = new Map(committed.map((at) => [at.partition, at.offset]))
        return Array.from({ length: await partitions() }, (_, partition) => offsets.get(partition))
      }),
    lag: (groupId) =>
      ask(async (admin) => {
        const committed = await admin.committed(groupOf(groupId), [name])
        const from = new Map(committed.map((at) => [at.partition, at.offset]))
        const [first, last] = await Promise.all([
          admin.offsets(name, 'earliest'),
          admin.offsets(name, 'latest', 'read_committed'),
        ])
        return last.reduce(
          (sum, { partition, offset }) => sum + offset - (from.get(partition) ?? first[partition]?.offset ?? 0),
          0,
        )
      }),
  }
}

/** The error for a topic object that stands for several topics. */
export function severalNames(spec: TopicSpec): SnapstreamError {
  return new SnapstreamError(
    'USAGE',
    `Topic(${spec.name}) is not one topic; name the one that is meant: topic('orders', { codec })`,
    { topic: spec.name },
  )
}
