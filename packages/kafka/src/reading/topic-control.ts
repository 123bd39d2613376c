import type { TopicPartition, TopicPartitionOffset } from '../driver/driver.ts'

/** What `pause`, `resume` and `seek` of a topic ask of those who read it now. */
export interface ControlledReader {
  /** What it reads. */
  partitions(): readonly TopicPartition[]
  pause(): void
  resume(): void
  seek(to: readonly TopicPartitionOffset[]): void
}

/** A topic's own state while it is read: it outlives the readers. */
export interface TopicControl {
  readonly paused: boolean
  /** Readers that have begun and not ended. */
  readonly readers: ReadonlySet<ControlledReader>
  attach(reader: ControlledReader): void
  detach(reader: ControlledReader): void
  pause(): void
  resume(): void
  /** Does what takes time in the order in which it was asked for, so that what was asked last counts. */
  inTurn<T>(work: () => Promise<T>): Promise<T>
}

export function topicControl(): TopicControl {
  const readers = new Set<ControlledReader>()
  let paused = false
  let last: Promise<unknown> = Promise.resolve()
  return {
    readers,
    get paused() {
      return paused
    },
    attach: (reader) => void readers.add(reader),
    detach: (reader) => void readers.delete(reader),
    pause() {
      paused = true
      for (const reader of readers) reader.pause()
    },
    resume() {
      paused = false
      for (const reader of readers) reader.resume()
    },
    inTurn(work) {
      const mine = last.then(work)
      last = mine.catch(() => {})
      return mine
    },
  }
}
