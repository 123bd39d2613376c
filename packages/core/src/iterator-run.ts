import { Cursor } from './cursor.ts'
import { openIterator } from './iterable-reader.ts'
import { LaneRun } from './lane.ts'
import type { Pace } from './pace.ts'
import type { Host } from './protocol.ts'
import type { SourceRun } from './source-run.ts'
import type { Step } from './step.ts'

export interface IteratorRunOptions {
  readonly source: Iterable<unknown> | AsyncIterable<unknown>
  readonly step: Step
  readonly timestamp: ((message: unknown) => number) | undefined
  readonly pace: Pace
  readonly host: Host
}

/**
 * An iterable that feeds a single binding, one message at a time: handled as it comes out of its iterator, with no batch
 * and no queue between. This is what makes a plain loop's speed.
 */
export function createIteratorRun({ source, step, timestamp, pace, host }: IteratorRunOptions): SourceRun {
  const lane = new LaneRun(0, host)
  const cursor = new Cursor(lane, timestamp)
  const iterator = openIterator(source)
  const { handle } = step
  let running = false
  /** Suspended, but for want of a message: nothing is in flight. */
  let waiting = false
  let ended = false
  let closed = false
  let returned: unknown
  lane.workers = [
    {
      push() {},
      kick() {},
      progress: () => 0,
      get busy() {
        return running && !waiting ? 1 : 0
      },
    },
  ]

  /** Handles messages until there is something to wait for, the lane is not open, or the iterator ends. */
  function spin(): Promise<unknown> | undefined {
    const sync = iterator as Iterator<unknown>
    while (lane.open) {
      const result = sync.next()
      if (result.done) {
        ended = true
        return undefined
      }
      if (timestamp !== undefined) cursor.message = result.value
      const pending = handle(result.value, cursor)
      if (pending !== undefined) return pending
      if (pace.spent()) return pace.rest()
    }
    return undefined
  }

  /** The same for an asynchronous iterator, which there is something to wait for at every message. */
  async function follow() {
    waiting = true
    while (lane.open) {
      const result = await iterator.next()
      if (result.done) {
        ended = true
        return
      }
      if (closed) {
        warnOfLoss(result.value)
        return
      }
      if (timestamp !== undefined) cursor.message = result.value
      const pending = handle(result.value, cursor)
      if (pending !== undefined) {
        waiting = false
        await pending
        waiting = true
      }
      if (pace.spent()) await pace.rest()
    }
  }

  async function read() {
    const asynchronous = Symbol.asyncIterator in source
    try {
      while (!ended && !lane.halted && !closed) {
        running = true
        const pending = asynchronous ? follow() : spin()
        if (pending !== undefined) await pending
        waiting = false
        if (lane.open) continue
        running = false
        lane.changed()
        await lane.until(() => lane.open || lane.halted)
      }
    } catch (error) {
      ended = true
      throw error
    } finally {
      running = false
      lane.changed()
    }
  }

  return {
    source,
    lanes: [lane],
    open() {},
    read,
    halt() {
      lane.halt()
      // A source that waits for its next message can end its wait now, and what it still gives is handled.
      if (waiting && returned === undefined) returned = iterator.return?.()
    },
    // An iterator cannot be told where to go on: there is nothing to acknowledge.
    handled: () => new Map(),
    async commit() {},
    async close() {
      closed = true
      // While the iterator still waits for a message its `return` may never settle: there is nobody to wait for.
      if (!ended && !waiting) await iterator.return?.()
    },
  }
}

function warnOfLoss(value: unknown) {
  console.warn('snapstream: a source gave a message after the stream had ended; it was not handled:', value)
}
