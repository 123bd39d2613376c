import { Cursor } from './cursor.ts'
import type { Held, LaneRun, Worker } from './lane.ts'
import type { Pace } from './pace.ts'
import type { Batch } from './protocol.ts'
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
  const { handle } = step
  /** How many messages of the first batch in the queue have been taken up; the last of them may be in flight. */
  let taken = 0
  let inFlight = 0
  let running = false

  /** Handles messages of the batch until there is something to wait for, the batch ends or the lane is not open. */
  function spin(batch: Batch<unknown>): Promise<unknown> | undefined {
    const { messages } = batch
    const count = messages.length
    const fallible = batch.error !== undefined
    let pending: Promise<unknown> | undefined
    let i = taken
    while (i < count && lane.open && pending === undefined) {
      const message = messages[i]
      cursor.index = i
      if (timestamp !== undefined) cursor.message = message
      const error = fallible ? batch.error?.(i) : undefined
      i++
      pending = error === undefined ? handle(message, cursor) : step.refuse(error, message, cursor)
      if (pending !== undefined) inFlight = 1
      else if (pace.spent()) pending = pace.rest()
    }
    taken = i
    return pending
  }

  async function run() {
    try {
      for (let held = queue[0]; held !== undefined && lane.open; held = queue[0]) {
        cursor.batch = held.batch
        while (taken < held.batch.messages.length && lane.open) {
          const pending = spin(held.batch)
          if (pending !== undefined) await pending
          inFlight = 0
        }
        if (taken < held.batch.messages.length) break
        taken = 0
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
    progress: (held) => (queue[0] === held ? taken - inFlight : queue.includes(held) ? 0 : held.batch.messages.length),
  }
}
