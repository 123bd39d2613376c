import { SnapstreamError, describe } from '@snapstream/core'
import type { ProducerDefaults } from '../conf/resolve-settings.ts'
import type { DriverProducer, ProduceRecord } from '../driver/driver.ts'
import { partitionOf } from './partitioner.ts'
import { PartitionQueue } from './partition-queue.ts'
import type { Owner } from './partition-queue.ts'

/** The way into one topic. */
export interface TopicQueue {
  /**
   * Takes a record of so many `wireBytes`, which from now on has its partition. A promise means that the buffer is full: wait for it before the
   * next. Throws `SINK_REFUSED` if there is no such partition.
   */
  add(record: ProduceRecord, bytes: number, partition: number | undefined, owner: Owner): Promise<void> | undefined
  /** Resolves when everything added so far is acknowledged or has failed. */
  drained(): Promise<void>
}

export interface TopicQueueOptions {
  readonly topic: string
  readonly producer: DriverProducer
  readonly settings: ProducerDefaults
  readonly now: () => number
  readonly random: () => number
  /** Every queue that is made is added to these. */
  readonly queues: Set<PartitionQueue>
  /** A queue may have something to send. */
  consider(queue: PartitionQueue): void
  /** A record was added that takes so many bytes; answers the promise to wait for, if the buffer is full. */
  added(bytes: number): Promise<void> | undefined
}

/** Asks how many partitions the topic has. Rejects with `TOPIC_MISSING`. */
export async function topicQueue(options: TopicQueueOptions): Promise<TopicQueue> {
  const { topic, producer, settings, now, random, queues, consider, added } = options
  const partitions: (PartitionQueue | undefined)[] = []
  let count = await producer.partitions(topic)
  let askedAt = now()
  let asking = false
  // Any start will do, as long as short-lived processes do not all take the same.
  let sticky = Math.floor(random() * count)

  function queueOf(partition: number): PartitionQueue {
    let queue = partitions[partition]
    if (queue === undefined) {
      queue = new PartitionQueue(topic, partition, Math.min(settings.batchSizeBytes, settings.maxRequestBytes))
      partitions[partition] = queue
      queues.add(queue)
    }
    return queue
  }

  function choose(key: ProduceRecord['key'], partition: number | undefined): PartitionQueue {
    if (partition !== undefined) {
      if (partition < count) return queueOf(partition)
      askAgain()
      throw new SnapstreamError(
        'SINK_REFUSED',
        `the topic ${JSON.stringify(topic)} has no partition ${describe(partition)}: it has ${count}, numbered from 0`,
        { topic, partition },
      )
    }
    if (key !== null) return queueOf(partitionOf(key, count))
    // Without a key a partition is kept until its batch is on the way: fewer and larger batches.
    const queue = queueOf(sticky)
    if (!queue.full) return queue
    sticky = (sticky + 1) % count
    return queueOf(sticky)
  }

  /** Partitions may have been added to the topic. */
  function askAgain(): void {
    if (asking) return
    asking = true
    producer
      .partitions(topic)
      .then(
        (asked) => {
          count = asked
        },
        // The number that is known still serves; if the topic is gone, sending says so.
        () => {},
      )
      .finally(() => {
        asking = false
        askedAt = now()
      })
      .catch(() => {})
  }

  return {
    add(record, bytes, partition, owner) {
      const queue = choose(record.key, partition)
      const idle = queue.batches.length === 0
      const room = added(queue.add(record, bytes, owner, now))
      consider(queue)
      if (idle && now() - askedAt >= settings.metadataMaxAgeMs) askAgain()
      return room
    },
    async drained() {
      const waits: Promise<void>[] = []
      for (const queue of partitions.filter((made) => made !== undefined)) {
        const drained = queue.drained()
        if (drained === undefined) continue
        waits.push(drained)
        consider(queue)
      }
      await Promise.all(waits)
    },
  }
}
