import { Cursor } from './cursor.ts'
import { openIterator } from './iterable-reader.ts'
import { LaneRun } from './lane.ts'
import type { Pace } from './pace.ts'
import { isThenable } from './promises.ts'
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
  let count = 0
  let running = false
  let waiting = false
  let ended = false
  let closed = false
  lane.workers = [
    {
      push() {},
      kick() {},
      progress: () => count,
      get busy() {
        return running && !waiting ? 1 : 0
      },
    },
  ]

  async function read() {
    running = true
    try {
      while (!lane.halted) {
        if (!lane.open) {
          running = false
          lane.changed()
          await lane.until(() => lane.open || lane.halted)
          running = true
          continue
        }
        const answer = iterator.next()
        let result: IteratorResult<unknown>
        if (isThenable(answer)) {
          waiting = true
          result = await answer
          waiting = false
        } else result = answer
        if (result.done) {
          ended = true
          return
        }
        if (closed) {
          warnOfLoss(result.value)
          return
        }
        cursor.message = result.value
        const pending = step.handle(result.value, cursor)
        if (pending !== undefined) await pending
        count++
        if (pace.spent()) await pace.rest()
      }
    } catch (error) {
      ended = true
      throw error
    } finally {
      running = false
      lane.changed()
    }
  }

  let returned: unknown
  let told = 0
  return {
    source,
    lanes: [lane],
    open() {},
    read,
    halt() {
      lane.halt()
      lane.changed()
      // A source that waits for its next message can end its wait now, and what it still gives is handled.
      if (waiting && returned === undefined) returned = iterator.return?.()
    },
    handled: () => (count > told ? new Map([[lane.id, count]]) : new Map()),
    async commit(positions) {
      told = Number(positions.get(lane.id) ?? told)
    },
    async close() {
      closed = true
      if (ended) return
      // While the iterator still waits for a message its `return` may never settle: there is nobody to wait for.
      if (!waiting) await iterator.return?.()
    },
  }
}

function warnOfLoss(value: unknown) {
  console.warn('snapstream: a source gave a message after the stream had ended; it was not handled:', value)
}
