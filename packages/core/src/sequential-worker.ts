import { Cursor } from './cursor.ts'
import type { Held, LaneRun, Worker } from './lane.ts'
import type { Pace } from './pace.ts'
import type { Step } from './step.ts'

export interface WorkerOptions {
  readonly lane: LaneRun
  readonly step: Step
  readonly pace: Pace
  readonly timestamp: ((message: unknown) => number) | undefined
  /** Takes what stops the stream, and HALTED. */
  fail(error: unknown): void
}

/** Handles one message of the lane at a time, in order. */
export function createSequentialWorker({ lane, step, pace, timestamp, fail }: WorkerOptions): Worker {
  const cursor = new Cursor(lane, timestamp)
  const queue: Held[] = []
  /** How many messages of the first batch in the queue have been handled. */
  let done = 0
  let running = false

  async function run() {
    try {
      for (let held = queue[0]; held !== undefined && lane.open; held = queue[0]) {
        const { batch } = held
        const { messages } = batch
        const count = messages.length
        cursor.batch = batch
        while (done < count && lane.open) {
          const message = messages[done]
          cursor.index = done
          cursor.message = message
          const error = batch.error?.(done)
          const pending = error === undefined ? step.handle(message, cursor) : step.refuse(error, message, cursor)
          if (pending !== undefined) await pending
          done++
          if (pace.spent()) await pace.rest()
        }
        if (done < count) break
        done = 0
        queue.shift()
        lane.finished(held)
      }
    } catch (error) {
      lane.pause()
      fail(error)
    } finally {
      running = false
      lane.changed()
    }
  }

  return {
    push: (held) => void queue.push(held),
    kick() {
      if (running || !lane.open || queue.length === 0) return
      running = true
      void run()
    },
    get busy() {
      return running ? 1 : 0
    },
    progress: (held) => (queue[0] === held ? done : queue.includes(held) ? 0 : held.batch.messages.length),
  }
}
