import { Cursor } from './cursor.ts'
import { isIteratorBatch } from './iterable-source.ts'
import type { IteratorBatch } from './iterable-source.ts'
import type { Held, LaneRun, Worker } from './lane.ts'
import type { Batch } from './protocol.ts'
import type { Runtime } from './runtime.ts'
import type { Step } from './step.ts'

/** Handles one message of the lane at a time, in order. */
export function createSequentialWorker(
  { pace, signal, fail }: Runtime,
  lane: LaneRun,
  step: Step,
  cursor: Cursor,
): Worker {
  const queue: Held[] = []
  const { handle } = step
  /** How many messages of the first batch in the queue have been taken up; the last of them may be in flight. */
  let taken = 0
  let inFlight = 0
  let running = false

  /** Handles messages of a batch until there is something to wait for, the batch ends or the lane is not open. */
  function spin(batch: Batch<unknown>): Promise<unknown> | undefined {
    const { messages } = batch
    const count = messages.length
    const fallible = batch.error !== undefined
    let pending: Promise<unknown> | undefined
    let i = taken
    while (i < count && lane.open && pending === undefined) {
      cursor.index = i
      cursor.message = messages[i]
      const error = fallible ? batch.error?.(i) : undefined
      i++
      pending = error === undefined ? handle(cursor) : step.refuse(error, cursor)
      if (pending !== undefined) inFlight = 1
      else if (pace.spent()) pending = pace.rest()
    }
    taken = i
    return pending
  }

  /** The same for a synchronous iterator. */
  function spinIterator(batch: IteratorBatch): Promise<unknown> | undefined {
    const iterator = batch.iterator as Iterator<unknown>
    while (lane.open) {
      const result = iterator.next()
      if (result.done) {
        batch.ended = true
        return undefined
      }
      cursor.message = result.value
      const pending = handle(cursor)
      if (pending !== undefined) return pending
      if (pace.spent()) return pace.rest()
    }
    return undefined
  }

  /** The same for an asynchronous iterator, which there is something to wait for at every message. */
  async function followIterator(batch: IteratorBatch): Promise<void> {
    const iterator = batch.iterator as AsyncIterator<unknown>
    batch.waiting = true
    while (lane.open) {
      const result = await iterator.next()
      if (result.done) {
        batch.ended = true
        break
      }
      cursor.message = result.value
      if (signal.aborted) {
        console.warn(
          'snapstream: a source gave a message after the stream had ended; it was not handled:',
          result.value,
        )
        break
      }
      const pending = handle(cursor)
      if (pending !== undefined) {
        batch.waiting = false
        await pending
        batch.waiting = true
      }
      if (pace.spent()) await pace.rest()
    }
    batch.waiting = false
  }

  function isOver(batch: Batch<unknown>): boolean {
    return isIteratorBatch(batch) ? batch.ended : taken >= batch.messages.length
  }

  async function run() {
    try {
      for (let held = queue[0]; held !== undefined && lane.open; held = queue[0]) {
        const { batch } = held
        cursor.batch = batch
        while (!isOver(batch) && lane.open) {
          const pending = isIteratorBatch(batch)
            ? batch.asynchronous
              ? followIterator(batch)
              : spinIterator(batch)
            : spin(batch)
          if (pending !== undefined) await pending
          inFlight = 0
        }
        if (!isOver(batch)) break
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
      const batch = queue[0]?.batch
      return running && !(batch && isIteratorBatch(batch) && batch.waiting) ? 1 : 0
    },
    progress: (held) => (queue[0] === held ? taken - inFlight : queue.includes(held) ? 0 : held.batch.messages.length),
  }
}
