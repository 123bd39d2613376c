import { Cursor } from './cursor.ts'
import type { IteratorBatch } from './iterable-source.ts'
import { HALTED } from './lane.ts'
import type { LaneRun, Load, Share, Worker } from './lane.ts'
import type { Batch } from '../protocol.ts'
import { stateOf } from './join-states.ts'
import type { Runtime } from './runtime.ts'
import { createReleaser } from './releaser.ts'
import { createStep } from './step.ts'
import type { Outcome } from './step.ts'

/** Handles one message of the lane at a time, in order. */
export function createSequentialWorker(runtime: Runtime, lane: LaneRun, load: Load): Worker {
  const { pace, signal } = runtime
  const release = createReleaser(runtime, lane, load.tally)
  const step = createStep(runtime, lane, load)
  const state = stateOf(runtime, load.tally)
  const turnOf = state?.turn && ((cursor: Cursor) => state.turn?.(cursor))
  const cursor = new Cursor(lane, load.tally, step.refused)
  lane.cursors.add(cursor)
  /** The pending outcome of the message under the cursor. A variable, as `spinAsync` would await it if it returned it. */
  let pending: Outcome
  /** Pending while there is no room for the writes of more messages. */
  let room: void | PromiseLike<void>
  /** Pending until it may be the turn of the message under the cursor. */
  let turn: void | PromiseLike<void>

  /** Counts the message under the cursor as handled, after its step. */
  function finish(share: Share): void {
    room = release?.(cursor)
    share.handled++
  }

  /** Handles messages until an outcome is a promise, or it is time to yield. A loop with `await` is slower. */
  function spin(share: Share, iterator: Iterator<unknown> | undefined, taken: boolean): void {
    pending = undefined
    const { batch } = share
    const ask = batch.tick || taken ? undefined : turnOf
    const { messages } = batch
    const fallible = batch.error !== undefined
    const releases = release !== undefined
    const end = share.handled + pace.left
    while ((lane.open || taken) && share.handled < end) {
      const index = share.handled
      // A batch is read by index: the iterator of an array would cost more than the rest of this loop.
      const result = iterator?.next()
      if (result ? result.done : index === messages.length) {
        share.over = true
        break
      }
      cursor.moveTo(index, result ? result.value : messages[index])
      const error = fallible ? batch.error?.(index) : undefined
      if (ask && !error) {
        turn = ask(cursor)
        if (turn) break
      }
      pending = step(cursor, error)
      if (pending) break
      if (releases) {
        finish(share)
        if (room) break
      } else share.handled++
    }
  }

  /**
   * Does the same for an async iterator. It is a separate function, as an `await` saves and restores all variables of the
   * function around it.
   */
  async function spinAsync(share: Share, iterator: AsyncIterator<unknown>): Promise<void> {
    pending = undefined
    const end = share.handled + pace.left
    while (lane.open && share.handled < end) {
      const result = await iterator.next()
      if (result.done) {
        share.over = true
        break
      }
      cursor.moveTo(0, result.value)
      if (lane.halted && signal.aborted) {
        lane.unhandled(cursor.message)
        load.givenUp++
        throw HALTED
      }
      pending = step(cursor)
      if (pending) break
      finish(share)
      if (room) break
    }
  }

  return async (share) => {
    const batch: Batch<unknown> & Partial<IteratorBatch> = share.batch
    const { asynchronous, iterator } = batch
    cursor.enter(batch)
    const taken = lane.unique && !iterator
    const ready = () => lane.open || (taken && lane.halted)
    while (!share.over) {
      if (!ready()) await lane.until(ready)
      const { handled } = share
      try {
        if (asynchronous) {
          batch.phase = 'waiting'
          await spinAsync(share, iterator as AsyncIterator<unknown>)
          batch.phase = 'suspended'
        } else spin(share, iterator as Iterator<unknown> | undefined, taken && !lane.open)
      } catch (thrown) {
        // An iterator whose `next` threw has ended. Without one, the writes of a message were not released.
        if (iterator) batch.phase = 'over'
        else lane.tear()
        throw thrown
      }
      if (pending) {
        load.busy++
        cursor.watch(Infinity)
        try {
          await pending
          finish(share)
        } catch (thrown) {
          lane.tear()
          throw thrown
        } finally {
          load.busy--
          cursor.watch(-1)
          // The engine waits for `idle` only on a closed lane.
          if (!lane.open) lane.notify()
        }
      }
      if (room) {
        await room
        room = undefined
      }
      if (turn) {
        const waiting = turn
        turn = undefined
        await lane.turn(waiting)
      }
      if (pace.spent(share.handled - handled) && lane.open) await pace.rest()
    }
    lane.finish(share)
    cursor.enter()
  }
}
