import type { TopicPartition, TopicPartitionOffset } from '../driver/driver.ts'

/** A reader of a topic, as `pause`, `resume` and `seek` control it. */
export interface ControlledReader {
  /** The partitions that it reads. */
  partitions(): readonly TopicPartition[]
  pause(): void
  resume(): void
  seek(to: readonly TopicPartitionOffset[]): void
}

/** The state of a topic that its readers share and that outlives them. */
export interface TopicControl {
  readonly paused: boolean
  /** Readers that have begun and not ended. */
  readonly readers: ReadonlySet<ControlledReader>
  attach(reader: ControlledReader): void
  detach(reader: ControlledReader): void
  pause(): void
  resume(): void
  /** Runs asynchronous work one call after another, so that the last call counts. */
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
