import type { AnyIterator } from './promises.ts'
import type { Batch, BatchSource } from './protocol.ts'

/** An iterator in the place of a batch: its messages are handled as they come out of it, without a queue between. */
export interface IteratorBatch extends Batch<unknown> {
  readonly iterator: AnyIterator
  readonly asynchronous: boolean
  /** The iterator neither waits for its next message nor has it ended; kept up by whoever drains it. */
  suspended: boolean
}

/**
 * Any iterable as a source with one lane and nothing to commit. It is never read ahead: what had been taken from the
 * iterator and was not handled would be lost at a stop. `direct`: it feeds one binding, one message at a time, which may
 * then drain the iterator itself; this is what makes a plain loop's speed. `late`: takes what could not be handled any
 * more, as it came when the stream had ended; it may come never again.
 */
export function createIterableSource(
  iterable: Iterable<unknown> | AsyncIterable<unknown>,
  direct: boolean,
  late: (message: unknown) => void,
): BatchSource<unknown> {
  return {
    '~snapstream.source'({ signal }) {
      const asynchronous = Symbol.asyncIterator in iterable
      const iterator = asynchronous ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]()
      let given = 0
      const batch: Batch<unknown> = { lane: 0, messages: [], bytes: 0, position: (n) => n, done() {} }
      const state: IteratorBatch = {
        ...batch,
        iterator,
        asynchronous,
        suspended: true,
        done() {
          state.suspended = false
        },
      }

      // A source that waits for its next message can end its wait now, and what it still gives is handled.
      signal.addEventListener('abort', () => {
        if (!state.suspended) leave().catch(console.warn)
      })
      const leave = async () => iterator.return?.()

      return {
        async read() {
          // One batch, and no other after it: it ends when the iterator does.
          if (direct) return given++ > 0 ? undefined : state
          const answer = iterator.next()
          state.suspended = !asynchronous
          const { done, value } = await answer
          state.suspended = !done
          if (done) return undefined
          if (signal.aborted) late(value)
          return { ...batch, messages: [value] }
        },
        commit() {},
        async close() {
          // While the iterator waits for a message its `return` may never settle: there is nobody to wait for.
          if (state.suspended) await leave()
        },
      }
    },
  }
}
