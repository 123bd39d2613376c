import { isThenable } from './promises.ts'
import type { Batch, BatchSource } from './protocol.ts'

export type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>

/** An iterator in the place of a batch: its messages are handled as they come out of it, without a queue between. */
export interface IteratorBatch extends Batch<unknown> {
  readonly iterator: AnyIterator
  readonly asynchronous: boolean
  /** Set by whoever drains it: the iterator waits for its next message, or has ended. */
  waiting: boolean
  ended: boolean
}

export function isIteratorBatch(batch: Batch<unknown>): batch is IteratorBatch {
  return 'iterator' in batch
}

/**
 * Any iterable as a source with one lane and nothing to commit. It is never read ahead: what had been taken from the
 * iterator and was not handled would be lost at a stop. `direct`: it feeds one binding, one message at a time, which may
 * then drain the iterator itself; this is what makes a plain loop's speed.
 */
export function createIterableSource(
  iterable: Iterable<unknown> | AsyncIterable<unknown>,
  direct: boolean,
): BatchSource<unknown> {
  return {
    '~snapstream.source'({ signal }) {
      const asynchronous = Symbol.asyncIterator in iterable
      const iterator = asynchronous ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]()
      const state: IteratorBatch = {
        lane: 0,
        messages: [],
        bytes: 0,
        position: () => 0,
        done() {},
        iterator,
        asynchronous,
        waiting: false,
        ended: false,
      }
      let count = 0
      let room: (() => void) | undefined
      let out = false

      // A source that waits for its next message can end its wait now, and what it still gives is handled.
      signal.addEventListener('abort', () => {
        if (state.waiting) void iterator.return?.()
      })

      function done() {
        out = false
        room?.()
      }

      async function single(): Promise<Batch<unknown> | undefined> {
        if (out) await new Promise<void>((resolve) => (room = resolve))
        state.waiting = true
        const answer = iterator.next()
        const result = isThenable(answer) ? await answer : answer
        state.waiting = false
        state.ended = !!result.done
        if (state.ended) return undefined
        out = true
        const position = ++count
        return { lane: 0, messages: [result.value], bytes: 0, position: () => position, done }
      }

      return {
        read() {
          if (!direct) return single()
          // One batch, and no other after it: it ends when the iterator does.
          const first = !out
          out = true
          return first ? state : undefined
        },
        commit() {},
        async close() {
          // While the iterator waits for a message its `return` may never settle: there is nobody to wait for.
          if (!state.ended && !state.waiting) await iterator.return?.()
        },
      }
    },
  }
}
