import type { ProduceRecord } from '../driver/driver.ts'
import type { DeliveryListener } from '../producer/accumulator.ts'
import type { ProducerTopic } from '../producer/producer.ts'

/** Sends the records of a topic, and knows the offsets up to which they are acknowledged. */
export interface AcknowledgedOffsets {
  /** Sends a record. A promise means that the producer is full. Throws what the producer throws. */
  readonly send: ProducerTopic['send']
  /** All records that were sent so far are part of the next `take`, and later ones are not. */
  mark(): void
  /**
   * By partition, the offset behind the last marked record: of the partitions with marked records since the last `take`. An
   * offset that the broker has not told is left out, or lower. Call it when all marked records are acknowledged.
   */
  take(): ReadonlyMap<number, number>
}

/** The records of one partition, counted from 1. */
interface Progress extends DeliveryListener {
  sent: number
  settled: number
  marked: number
  taken: number
  /** The offset behind the last acknowledged record. */
  next: number | undefined
  /** The offset behind the last marked record. */
  behindMark: number | undefined
}

/**
 * @param topic the topic to send to
 * @param outcome learns what fails and what is retried
 */
export function acknowledgedOffsets(
  topic: ProducerTopic,
  outcome: Required<Pick<DeliveryListener, 'failed' | 'retried'>>,
): AcknowledgedOffsets {
  const partitions = new Map<number, Progress>()

  function progressOf(partition: number): Progress {
    const known = partitions.get(partition)
    if (known !== undefined) return known
    const progress: Progress = {
      sent: 0,
      settled: 0,
      marked: 0,
      taken: 0,
      next: undefined,
      behindMark: undefined,
      acknowledged() {
        if (++progress.settled === progress.marked) progress.behindMark = progress.next
      },
      acknowledgedAt(offset) {
        progress.next = offset + 1
        progress.acknowledged()
      },
      failed(error) {
        progress.acknowledged()
        outcome.failed(error)
      },
      retried: outcome.retried,
    }
    partitions.set(partition, progress)
    return progress
  }

  return {
    send(record: ProduceRecord, partition = 0, _, checked) {
      const progress = progressOf(partition)
      const room = topic.send(record, partition, progress, checked)
      progress.sent++
      return room
    },
    mark() {
      for (const progress of partitions.values()) {
        progress.marked = progress.sent
        if (progress.settled === progress.sent) progress.behindMark = progress.next
      }
    },
    take() {
      const offsets = new Map<number, number>()
      for (const [partition, progress] of partitions) {
        if (progress.marked === progress.taken) continue
        progress.taken = progress.marked
        if (progress.behindMark !== undefined) offsets.set(partition, progress.behindMark)
      }
      return offsets
    },
  }
}
