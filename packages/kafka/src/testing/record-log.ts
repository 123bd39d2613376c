import { SnapstreamError, toError } from '@snapstream/core'
import { DEFAULTS } from '../conf/settings.ts'
import type { ConsumerSettings } from '../driver/driver.ts'
import { rawRecord } from '../record/decode-batch.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import type { RawTopicRecord, TopicRecord } from '../record/topic-record.ts'
import type { TestBroker } from './test-broker.ts'

/**
 * The records of one topic, without those of open and aborted transactions. All readers share it, so that each record is read
 * once.
 */
export interface RecordLog {
  next(spec: Pick<TopicSpec, 'codec' | 'keyCodec'>): Promise<TopicRecord<unknown, unknown> | undefined>
  /** The partition that gets the next record without a key. */
  turn(partitions: number): number
}

export function recordLog(topic: string, broker: TestBroker): RecordLog {
  /** By partition, the records that were fetched and not read. */
  const unread: RawTopicRecord[][] = []
  /** By partition, the offset to fetch next. */
  const positions: number[] = []
  /** How many records were read of those in the broker's order of writing. */
  let read = 0
  let turns = 0

  async function fetch(): Promise<void> {
    const count = await broker.partitions(topic)
    const admin = await broker.client.admin()
    const ends = await admin.offsets(topic, 'latest', 'read_committed')
    await admin.close()
    for (let partition = 0; partition < count; partition++) {
      unread[partition] ??= []
      positions[partition] ??= 0
    }
    const isBehind = () => ends.some(({ partition, offset }) => (positions[partition] ?? 0) < offset)
    if (!isBehind()) return
    const consumer = await broker.client.consumer({
      ...CONSUMER,
      topics: [topic],
      startOffset: (_, at) => positions[at],
    })
    try {
      while (isBehind()) {
        const batch = await consumer.poll()
        if (batch === undefined) break
        for (let i = 0; i < batch.length; i++) unread[batch.partition]?.push(rawRecord(batch, i))
        positions[batch.partition] = batch.nextOffset
        consumer.release(batch)
      }
    } finally {
      await consumer.close()
    }
  }

  function take(): RawTopicRecord | undefined {
    const order = broker.written(topic)
    while (read < order.length) {
      // A partition that lost old records gives later ones in their place.
      const record = unread[order[read++] as number]?.shift()
      if (record) return record
    }
    return unread.find((records) => records.length > 0)?.shift()
  }

  return {
    async next(spec) {
      await fetch()
      const record = take()
      return record && decode(record, spec)
    },
    turn: (partitions) => turns++ % partitions,
  }
}

async function decode(
  record: RawTopicRecord,
  { codec, keyCodec }: Pick<TopicSpec, 'codec' | 'keyCodec'>,
): Promise<TopicRecord<unknown, unknown>> {
  const { topic, partition, offset } = record
  try {
    const key = record.key === null ? null : await keyCodec.decode(record.key, { topic, part: 'key' })
    const value = record.value === null ? null : await codec.decode(record.value, { topic, part: 'value' })
    return { ...record, key, value }
  } catch (thrown) {
    const cause = toError(thrown)
    throw new SnapstreamError(
      'DECODE_FAILED',
      `the record at ${topic}/${partition} offset ${offset} did not decode: ${cause.message}`,
      { topic, partition, offset, cause },
    )
  }
}

/** Settings of the test's own consumer. */
export const CONSUMER: Omit<ConsumerSettings, 'topics'> = {
  groupId: null,
  autoOffsetReset: 'earliest',
  onOffsetOutOfRange: 'earliest',
  sessionTimeoutMs: DEFAULTS.sessionTimeoutMs,
  heartbeatIntervalMs: DEFAULTS.heartbeatIntervalMs,
  rebalanceTimeoutMs: DEFAULTS.rebalanceTimeoutMs,
  fetchMaxBytes: DEFAULTS.fetchMaxBytes,
  fetchMaxWaitMs: DEFAULTS.fetchMaxWaitMs,
  maxDecompressedBytes: DEFAULTS.maxDecompressedBytes,
  isolationLevel: 'read_committed',
  assigned: async () => {},
  revoked: async () => {},
}
