import { Cursor } from './cursor.ts'
import type { IteratorBatch } from './iterable-source.ts'
import type { LaneRun, Share, Worker } from './lane.ts'
import type { Batch } from './protocol.ts'
import type { Runtime } from './runtime.ts'
import type { Outcome, Step } from './step.ts'
import type { Tally } from './tally.ts'

/** Handles one message of the lane at a time, in order. */
export function createSequentialWorker(
  { pace, signal, emit }: Runtime,
  lane: LaneRun,
  step: Step,
  tally: Tally,
): Worker {
  const cursor = new Cursor(lane.id, tally)
  lane.cursors.add(cursor)

  /** Handles messages until one has to be waited for, or others have to get their turn. A loop with `await` is slower. */
  function spin(share: Share, iterator: Iterator<unknown>): Outcome {
    const { batch } = share
    const fallible = batch.error !== undefined
    while (lane.open) {
      const result = iterator.next()
      if (result.done) {
        share.over = true
        break
      }
      const index = share.handled
      cursor.index = index
      cursor.message = result.value
      const pending = step(cursor, fallible ? batch.error?.(index) : undefined)
      if (pending) return pending
      share.handled = index + 1
      if (pace.spent()) break
    }
    return undefined
  }

  return async (share) => {
    const batch: Batch<unknown> & Partial<IteratorBatch> = share.batch
    const { asynchronous, iterator = batch.messages[Symbol.iterator]() } = batch
    cursor.batch = batch
    while (!share.over) {
      if (!lane.open) await lane.until(() => lane.open)
      let pending: Outcome
      if (asynchronous) {
        batch.suspended = false
        do {
          const result = await (iterator as AsyncIterator<unknown>).next()
          if (result.done) {
            share.over = true
            break
          }
          cursor.message = result.value
          if (lane.halted && signal.aborted)
            return emit('late', () => ({ bindings: lane.names, message: result.value }))
          pending = step(cursor)
          if (!pending) share.handled++
        } while (!pending && lane.open && !pace.spent())
        batch.suspended = !share.over
      } else pending = spin(share, iterator as Iterator<unknown>)
      if (pending) {
        lane.busy++
        cursor.since = Infinity
        try {
          await pending
          share.handled++
        } catch (thrown) {
          lane.torn = true
          throw thrown
        } finally {
          lane.busy--
          cursor.since = -1
          // Nobody waits for a lane that is open to be idle.
          if (!lane.open) lane.changed()
        }
      }
      if (lane.open && !share.over && (!pending || pace.spent())) await pace.rest()
    }
    lane.finish(share)
  }
}
