import type { Cursor } from './cursor.ts'
import { isIteratorBatch } from './iterable-source.ts'
import type { LaneRun, Share, Worker } from './lane.ts'
import type { Runtime } from './runtime.ts'
import type { Outcome, Step } from './step.ts'

/** Handles one message of the lane at a time, in order. */
export function createSequentialWorker(
  { pace, signal }: Runtime,
  lane: LaneRun,
  { handle, refuse }: Step,
  cursor: Cursor,
): Worker {
  const open = () => lane.open

  /** Handles messages until one has to be waited for, or others have to get their turn. A loop with `await` is slower. */
  function spin(share: Share, iterator: Iterator<unknown>): Outcome {
    const { batch } = share
    const fallible = batch.error !== undefined
    let index = share.handled
    let pending: Outcome
    while (lane.open && pending === undefined) {
      const result = iterator.next()
      if (result.done) {
        share.over = true
        break
      }
      cursor.index = index
      cursor.message = result.value
      const error = fallible ? batch.error?.(index) : undefined
      pending = error === undefined ? handle(cursor) : refuse(error, cursor)
      if (pending === undefined) {
        index++
        if (pace.spent()) break
      }
    }
    share.handled = index
    return pending
  }

  return async (share) => {
    const { batch } = share
    const source = isIteratorBatch(batch) ? batch : undefined
    const asynchronous = source?.asynchronous
    const iterator = source ? source.iterator : batch.messages[Symbol.iterator]()
    cursor.batch = batch
    while (!share.over) {
      if (!lane.open) await lane.until(open)
      let pending: Outcome
      if (asynchronous) {
        source.suspended = false
        const { done, value } = await (iterator as AsyncIterator<unknown>).next()
        source.suspended = !done
        if (done) break
        if (signal.aborted)
          return console.warn('snapstream: a message came after the stream had ended and was not handled:', value)
        cursor.message = value
        pending = handle(cursor)
        if (pending === undefined) share.handled++
      } else pending = spin(share, iterator as Iterator<unknown>)
      if (pending === undefined) {
        if (lane.open && !share.over && (!asynchronous || pace.spent())) await pace.rest()
      } else {
        lane.busy++
        try {
          await pending
          share.handled++
        } finally {
          lane.busy--
          // Nobody waits for a lane that is open to be idle.
          if (!lane.open) lane.changed()
        }
      }
    }
    if (source) source.suspended = false
    lane.finish(share)
  }
}
