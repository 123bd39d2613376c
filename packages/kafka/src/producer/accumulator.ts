import type { Host } from '@snapstream/core'
import type { ProducerDefaults } from '../conf/resolve-settings.ts'
import type { DriverProducer } from '../driver/driver.ts'
import { createDispatcher } from './scheduler.ts'
import { topicQueue } from './topic-queue.ts'
import type { TopicQueue } from './topic-queue.ts'
import type { PartitionQueue } from './partition-queue.ts'
import { createSender } from './delivery.ts'

/** Gathers records into batches, and sends them in order. */
export interface Accumulator {
  /** Where records of a topic go. Rejects with `TOPIC_MISSING`. */
  topic(name: string): Promise<TopicQueue>
  /** How much waits to be acknowledged. */
  readonly bufferedBytes: number
  /** Gives up what is not acknowledged: its owners are told. */
  abandon(error: Error): void
}

export function createAccumulator(producer: DriverProducer, settings: ProducerDefaults, host: Host): Accumulator {
  const { lingerMs, bufferBytes, maxRequestBytes } = settings
  const topics = new Map<string, Promise<TopicQueue>>()
  const queues = new Set<PartitionQueue>()
  const now = () => host.monotonic()
  let buffered = 0
  let room: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined

  const sender = createSender({
    producer,
    host,
    settings,
    freed(bytes) {
      buffered -= bytes
      if (buffered > bufferBytes) return
      room?.resolve()
      room = undefined
    },
    ready: consider,
  })

  const dispatcher = createDispatcher({ maxRequestBytes, host, send: sender.send })

  /** Sends the first batch of the queue soon, if it is time. */
  function consider(queue: PartitionQueue): void {
    if (queue.busy || queue.batches.length === 0 || dispatcher.has(queue)) return
    if (lingerMs > 0 && !isDue(queue)) {
      linger(queue)
      return
    }
    queue.stopLingering?.()
    dispatcher.add(queue)
  }

  function isDue(queue: PartitionQueue): boolean {
    const since = queue.batches[0]?.since ?? 0
    return (
      queue.batches.length > 1 || queue.full || queue.awaited || buffered > bufferBytes || now() >= since + lingerMs
    )
  }

  function linger(queue: PartitionQueue): void {
    if (queue.stopLingering !== undefined) return
    const waitMs = (queue.batches[0]?.since ?? 0) + lingerMs - now()
    const cancel = host.setTimeout(
      () => {
        queue.stopLingering = undefined
        consider(queue)
        // A timer may be a little early by the clock it is compared with, which asks for another.
      },
      Math.max(1, waitMs),
    )
    queue.stopLingering = () => {
      cancel()
      queue.stopLingering = undefined
    }
  }

  function added(bytes: number): Promise<void> | undefined {
    buffered += bytes
    if (buffered <= bufferBytes) return undefined
    if (room === undefined) {
      let resolve = () => {}
      room = { promise: new Promise<void>((r) => (resolve = r)), resolve: () => resolve() }
      for (const queue of queues) consider(queue)
    }
    return room.promise
  }

  return {
    topic(name) {
      const known = topics.get(name)
      if (known !== undefined) return known
      const made = topicQueue({
        topic: name,
        producer,
        settings,
        now,
        random: () => host.random(),
        queues,
        consider,
        added,
      })
      topics.set(name, made)
      made.catch(() => topics.delete(name))
      return made
    },
    get bufferedBytes() {
      return buffered
    },
    abandon(error) {
      for (const queue of queues) {
        queue.stopLingering?.()
        let freed = 0
        while (queue.batches.length > 0) freed += queue.settle(error)
        buffered -= freed
      }
      sender.stop()
      dispatcher.stop()
      room?.resolve()
      room = undefined
    },
  }
}
