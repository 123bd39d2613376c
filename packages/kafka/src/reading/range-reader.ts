import { SnapstreamError } from '@snapstream/core'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import type { DriverAdmin, DriverConsumer, RecordBatch, TopicPartition } from '../driver/driver.ts'
import { partitionKey } from '../driver/topic-partition.ts'
import { withAdmin } from '../driver/with-admin.ts'

/** The offsets of a partition from `start` up to, but not including, `end`. */
export interface OffsetRange extends TopicPartition {
  readonly start: number
  readonly end: number
}

/** Reads ranges of offsets without a group. It ends by position, so holes and control records do not matter. */
export interface RangeReader {
  /**
   * The next batch of any range; it may reach beyond the end of the range. Undefined once all ranges are read, or after
   * `close`.
   */
  read(): Promise<RecordBatch | undefined>
  /** Makes room for another batch of the partition. */
  release(batch: RecordBatch): void
  close(): Promise<void>
}

interface Reading extends OffsetRange {
  position: number
}

export function rangeReader(settings: ResolvedSettings, ranges: readonly OffsetRange[]): RangeReader {
  const readings = new Map(
    ranges.map((range): [string, Reading] => [partitionKey(range), { ...range, position: range.start }]),
  )
  let consumer: DriverConsumer | undefined
  let open = true

  const left = () => [...readings.values()].filter(({ position, end }) => position < end)

  async function connect(only: readonly Reading[]): Promise<DriverConsumer> {
    const { driver, client, consumer: defaults } = settings
    return driver.client(client).consumer({
      ...defaults,
      groupId: null,
      topics: [...new Set(only.map(({ topic }) => topic))],
      only: only.map(({ topic, partition }) => ({ topic, partition })),
      startOffset: (topic, partition) => readings.get(partitionKey({ topic, partition }))?.position,
      onOffsetOutOfRange: 'error',
      assigned: async () => {},
      revoked: async () => {},
    })
  }

  async function poll(): Promise<RecordBatch | undefined> {
    const only = left()
    if (!open || only.length === 0) return undefined
    consumer ??= await connect(only)
    // `close` was called while the consumer was being made.
    if (!open) await consumer.close()
    return consumer.poll()
  }

  /** Goes on behind records that were deleted before they were read. Returns false if none were. */
  async function skipDeleted(): Promise<boolean> {
    const gone = consumer
    consumer = undefined
    await gone?.close()
    const earliest = await withAdmin(settings, (admin) => earliestOffsets(admin, [...readings.values()]))
    let moved = false
    for (const reading of left()) {
      const first = earliest.get(partitionKey(reading)) ?? 0
      if (first <= reading.position) continue
      reading.position = first
      moved = true
    }
    return moved
  }

  return {
    async read() {
      for (;;) {
        let batch: RecordBatch | undefined
        try {
          batch = await poll()
        } catch (error) {
          if (!SnapstreamError.is(error) || error.code !== 'OFFSET_OUT_OF_RANGE' || !open) throw error
          if (!(await skipDeleted())) throw error
          continue
        }
        if (batch === undefined) {
          const [missed] = open ? left() : []
          if (missed === undefined) return undefined
          const { topic, partition, position: offset } = missed
          throw new SnapstreamError(
            'KAFKA_FAILED',
            `reading ${topic}/${partition} ended by itself at offset ${offset}`,
            {
              topic,
              partition,
              offset,
            },
          )
        }
        const reading = readings.get(partitionKey(batch))
        // A batch behind the end is not released, so that no more records of the partition are fetched.
        if (reading === undefined || reading.position >= reading.end) continue
        reading.position = Math.min(batch.nextOffset, reading.end)
        return batch
      }
    },
    release: (batch) => consumer?.release(batch),
    async close() {
      open = false
      await consumer?.close()
    },
  }
}

async function earliestOffsets(
  admin: DriverAdmin,
  partitions: readonly TopicPartition[],
): Promise<ReadonlyMap<string, number>> {
  const topics = [...new Set(partitions.map(({ topic }) => topic))]
  const offsets = await Promise.all(topics.map((topic) => admin.offsets(topic, 'earliest')))
  return new Map(offsets.flat().map((at) => [partitionKey(at), at.offset]))
}
