import { Cursor } from './cursor.ts'
import { isA } from '../describe.ts'
import { expectUsage, failure } from '../error.ts'
import { join } from './join-states.ts'
import { HALTED } from './lane.ts'
import type { LaneRun, Load, Worker } from './lane.ts'
import type { Runtime } from './runtime.ts'
import { createReleaser } from './releaser.ts'
import type { Releaser } from './releaser.ts'
import { createStep } from './step.ts'

/** Handles up to `concurrency` keys of the lane at once, and the messages of one key one after another. */
export function createKeyedWorker(runtime: Runtime, lane: LaneRun, load: Load): Worker {
  const { pace } = runtime
  const release = createReleaser(runtime, lane, load.tally)
  const step = createStep(runtime, lane, load)
  /** By key, the promise of its last message that was taken up; removed once that message is handled. */
  const tails = new Map<unknown, Promise<void>>()
  let taken = 0
  /** Messages up to this number were started, or wait for a started message of their key. */
  let started = 0
  const { tally } = load
  const { concurrency, key: keyOf = lane.keyOf } = tally.binding
  const room = () => lane.open && tails.size < concurrency
  const giveUp = (message: unknown): never => {
    if (lane.unique) {
      lane.unhandled(message)
      load.givenUp++
    }
    throw HALTED
  }

  /** Handled messages whose writes are not released, as an earlier message is not handled, by number. */
  const held = new Map<number, Cursor>()
  let released = 0
  function releaseInOrder(release: Releaser, number: number, cursor: Cursor): void | PromiseLike<void> {
    held.set(number, cursor)
    let room: void | PromiseLike<void> = undefined
    for (let next = held.get(released + 1); next; next = held.get(released + 1)) {
      held.delete(++released)
      room = join(room, release(next))
    }
    return room
  }

  return async (share) => {
    const { batch } = share
    const { messages } = batch
    const done = new Set<number>()
    share.ahead = done

    for (const [index, message] of messages.entries()) {
      if (!room()) await lane.until(() => lane.halted || room())
      if (lane.halted) giveUp(message)
      const cursor = new Cursor(lane, tally, step.refused).enter(batch).moveTo(index, message)
      let error = batch.error?.(index)
      // Messages that did not decode have no key: they share one.
      let key: unknown
      try {
        if (!error) key = identityOf(keyOf?.(message))
      } catch (thrown) {
        error = failure('HANDLER_FAILED', 'key()', thrown)
      }
      const before = tails.get(key)
      const number = ++taken
      const begin = () => {
        for (; started < number; started++) load.busy++
        cursor.watch(Infinity)
        lane.cursors.add(cursor)
      }
      const handle = async () => {
        if (lane.unique) begin()
        await before
        // A stopped lane must not have gaps: messages behind a gap would be handled again.
        const mayStart = () => lane.open || number <= started
        // Checked again after the wait: a checkpoint may have stopped the lane again before this function goes on.
        do await lane.until(mayStart)
        while (!mayStart())
        begin()
        try {
          // A message that waited for an earlier one of its key is not handled if that one failed.
          if (lane.torn) giveUp(message)
          await step(cursor, error)
          if (tails.get(key) === tail) tails.delete(key)
          const room = release && releaseInOrder(release, number, cursor)
          done.add(index)
          while (done.delete(share.handled)) share.handled++
          if (share.handled === messages.length) lane.finish(share)
          if (room) await room
        } catch (thrown) {
          lane.tear()
          throw thrown
        } finally {
          load.busy--
          lane.cursors.delete(cursor)
          lane.notify()
        }
      }
      const tail = handle().catch(lane.fail)
      tails.set(key, tail)
      if (pace.spent()) await pace.rest()
    }
    if (messages.length === 0) lane.finish(share)
  }
}

/** Converts a key so that a Map compares bytes by content and all other keys by value. Throws `USAGE` for other objects. */
function identityOf(key: unknown): unknown {
  if (isA(key, Uint8Array)) return key.join()
  expectUsage(key !== Object(key), 'a key', 'a primitive or a Uint8Array', key)
  return key
}
