import { SnapstreamError, describe } from '@snapstream/core'
import type { Host } from '@snapstream/core'
import type { ProducerDefaults } from '../conf/resolve-settings.ts'
import type { DriverProducer, ProduceRecord } from '../driver/driver.ts'
import { createAccumulator, wireBytes } from './accumulator.ts'
import type { DeliveryListener, PartitionQueue } from './accumulator.ts'
import { createDelivery } from './delivery.ts'
import { createPartitioner } from './partitioner.ts'
import { createScheduler } from './scheduler.ts'

/** Writes records to topics, in order within each partition, and tells a listener the outcome of each. */
export interface Producer {
  /** Looks up a topic. Rejects with `TOPIC_MISSING`. */
  topic(name: string): Promise<ProducerTopic>
  /** The memory of all records that are neither acknowledged nor failed. */
  readonly bufferedBytes: number
  /** Resolves when every record sent so far, to any topic, is acknowledged or has failed. */
  drained(): Promise<void>
  /** Fails every record that is not acknowledged with this error, and closes the driver's producer. */
  close(error: Error): Promise<void>
}

/** One topic, to be written to. */
export interface ProducerTopic {
  /**
   * Takes a record. A promise means that the buffer is full: it resolves when the next record may be sent. Throws
   * `RECORD_TOO_LARGE`, and `SINK_REFUSED` for a partition that does not exist.
   *
   * @param partition default: the partitioner's choice
   * @param checked the result of `check` for this record and partition, if it was called
   */
  send(
    record: ProduceRecord,
    partition: number | undefined,
    listener: DeliveryListener,
    checked?: number,
  ): Promise<void> | undefined
  /** Throws what `send` would throw for this record, and sends nothing. Returns its `wireBytes`. */
  check(record: ProduceRecord, partition: number | undefined): number
  /** Resolves when every record sent so far is acknowledged or has failed. */
  drained(): Promise<void>
}

export interface ProducerOptions {
  readonly producer: DriverProducer
  readonly settings: ProducerDefaults
  readonly host: Host
}

export function createProducer({ producer, settings, host }: ProducerOptions): Producer {
  const { lingerMs, bufferBytes, maxRequestBytes, batchSizeBytes, deliveryTimeoutMs, metadataMaxAgeMs } = settings
  const maxBatchBytes = Math.min(batchSizeBytes, maxRequestBytes)
  const accumulator = createAccumulator({ bufferBytes, maxBatchBytes, host })
  const delivery = createDelivery({ producer, deliveryTimeoutMs, host })
  const scheduler = createScheduler({ accumulator, delivery, lingerMs, maxRequestBytes, host })
  const topics = new Map<string, Promise<ProducerTopic>>()

  async function openTopic(topic: string): Promise<ProducerTopic> {
    const partitions = await partitionCount(producer, topic, host)
    const queues: (PartitionQueue | undefined)[] = []
    // Random, so that short-lived processes do not all begin with the same partition.
    const partitioner = createPartitioner(Math.floor(host.random() * partitions.count))
    const queueOf = (partition: number) => (queues[partition] ??= accumulator.addQueue({ topic, partition }))

    function expectPartition(partition: number): void {
      const { count } = partitions
      if (partition < count) return
      partitions.refresh()
      throw new SnapstreamError(
        'SINK_REFUSED',
        `the topic ${JSON.stringify(topic)} has no partition ${describe(partition)}: it has ${count}, numbered from 0`,
        { topic, partition },
      )
    }

    function choose(key: ProduceRecord['key'], partition: number | undefined): PartitionQueue {
      if (partition !== undefined) {
        expectPartition(partition)
        return queueOf(partition)
      }
      const { count } = partitions
      const queue = queueOf(partitioner.partition(key, count))
      if (key !== null || !queue.isFull) return queue
      partitioner.nextBatch(count)
      return queueOf(partitioner.partition(key, count))
    }

    return {
      send(record, partition, listener, checked) {
        const bytes = checked ?? recordBytes(record, topic, maxRequestBytes)
        const queue = choose(record.key, partition)
        const hadRoom = accumulator.buffer.room === undefined
        const isIdle = queue.first === undefined
        const isChanged = queue.append(record, bytes, listener)
        const { room } = accumulator.buffer
        if (hadRoom && room !== undefined) scheduler.wakeAll()
        else if (isChanged) scheduler.wake(queue)
        if (isIdle) partitions.refreshIfOlder(metadataMaxAgeMs)
        return room
      },
      check(record, partition) {
        const bytes = recordBytes(record, topic, maxRequestBytes)
        if (partition !== undefined) expectPartition(partition)
        return bytes
      },
      drained: () => drain(queues.filter((queue) => queue !== undefined)),
    }
  }

  async function drain(queues: readonly PartitionQueue[]): Promise<void> {
    const waits: Promise<void>[] = []
    for (const queue of queues) {
      const drained = queue.drained()
      if (drained === undefined) continue
      waits.push(drained)
      scheduler.wake(queue)
    }
    await Promise.all(waits)
  }

  return {
    topic(name) {
      const known = topics.get(name)
      if (known !== undefined) return known
      const opened = openTopic(name)
      topics.set(name, opened)
      opened.catch(() => topics.delete(name))
      return opened
    },
    get bufferedBytes() {
      return accumulator.buffer.bytes
    },
    drained: () => drain(accumulator.queues),
    async close(error) {
      scheduler.stop()
      accumulator.abort(error)
      await producer.close()
    },
  }
}

/** The producer of a dry topic: it checks records and acknowledges them, and sends none. */
export function dryTopic(topic: string, { maxRequestBytes }: ProducerDefaults, warn: () => void): ProducerTopic {
  return {
    send(record, _partition, listener) {
      recordBytes(record, topic, maxRequestBytes)
      warn()
      listener.acknowledged()
      return undefined
    },
    check: (record) => recordBytes(record, topic, maxRequestBytes),
    async drained() {},
  }
}

/** The number of partitions of a topic, by the broker's last answer. */
interface PartitionCount {
  readonly count: number
  /** Requests the number again in the background, as partitions may have been added. */
  refresh(): void
  /** Calls `refresh` if the last answer is at least this old. */
  refreshIfOlder(ms: number): void
}

async function partitionCount(
  producer: Pick<DriverProducer, 'partitions'>,
  topic: string,
  host: Pick<Host, 'monotonic'>,
): Promise<PartitionCount> {
  const count = await producer.partitions(topic)
  let askedAt = host.monotonic()
  let isAsking = false
  const partitions = {
    count,
    refresh(): void {
      if (isAsking) return
      isAsking = true
      void ask()
    },
    refreshIfOlder(ms: number): void {
      if (host.monotonic() - askedAt >= ms) partitions.refresh()
    },
  }

  async function ask(): Promise<void> {
    try {
      partitions.count = await producer.partitions(topic)
    } catch {
      // The known number is still used. If the topic is gone, sending to it fails.
    }
    isAsking = false
    askedAt = host.monotonic()
  }
  return partitions
}

/** The size of the header of a batch. */
const BATCH_WIRE_BYTES = 61

/** The `wireBytes` of a record. Throws `RECORD_TOO_LARGE` for a record that does not fit into a request alone. */
function recordBytes(record: ProduceRecord, topic: string, maxRequestBytes: number): number {
  const recordBytes = wireBytes(record)
  const bytes = recordBytes + BATCH_WIRE_BYTES
  if (bytes <= maxRequestBytes) return recordBytes
  throw new SnapstreamError(
    'RECORD_TOO_LARGE',
    `a record of about ${bytes} bytes for ${JSON.stringify(topic)} is larger than maxRequestBytes (${maxRequestBytes}), ` +
      `before compression; send less in one record, or raise maxRequestBytes and, if need be, max.message.bytes of the topic`,
    { topic },
  )
}
