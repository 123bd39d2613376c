import type { Batch, SourceReader } from '../protocol.ts'

export type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>

/** Whether a value is to be drained. */
export function isIterator(value: unknown): value is AnyIterator {
  return typeof value === 'object' && typeof (value as AnyIterator | null)?.next === 'function'
}

/** An iterator in the place of a batch: its messages are handled as they come out of it, without a queue between. */
export interface IteratorBatch extends Batch<unknown> {
  readonly iterator: AnyIterator
  readonly asynchronous: boolean
  /**
   * Where it is, kept up by the one that drains it: `waiting` for its next message, `suspended` behind the last one, or
   * `over`, as it has ended or thrown.
   */
  phase: 'waiting' | 'suspended' | 'over'
}

export interface IteratorReader extends SourceReader<unknown> {
  /** Has an iterator that waits for its next message end. Resolves when it has. Never rejects: `close` does. */
  idle(): Promise<unknown>
}

interface IterableOptions {
  /** It feeds one binding, one message at a time, which then drains the iterator itself: that has the speed of a plain loop. */
  readonly direct: boolean
  /** Aborted when the time for handling is over. */
  readonly signal: AbortSignal
  /** Takes a message that comes after that. */
  readonly late: (message: unknown) => void
}

/**
 * Any iterable as a source with one lane and nothing to commit. It is never read ahead: what had been taken from the
 * iterator and was not handled would be lost at a stop.
 */
export function createIterableReader(
  iterable: Iterable<unknown> | AsyncIterable<unknown>,
  { direct, signal, late }: IterableOptions,
): IteratorReader {
  const asynchronous = Symbol.asyncIterator in iterable
  const iterator = asynchronous ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]()
  let given = 0
  let leaving: Promise<unknown> | undefined
  const batch: Batch<unknown> = { lane: 0, messages: [], bytes: 0, position: (n) => n, done() {} }
  const state: IteratorBatch = {
    ...batch,
    iterator,
    asynchronous,
    phase: 'suspended',
    done() {
      state.phase = 'over'
    },
  }

  /** As `for..of` does: once, and not after its end or after `next` threw. */
  async function leave(): Promise<void> {
    if (state.phase !== 'over') leaving ??= (async () => iterator.return?.())()
    await leaving
  }

  return {
    async read() {
      // One batch, and no other after it: it ends when the iterator does.
      if (direct) return given++ ? undefined : state
      if (asynchronous) state.phase = 'waiting'
      try {
        const { done, value } = await iterator.next()
        state.phase = done ? 'over' : 'suspended'
        if (done) return undefined
        if (!signal.aborted) return { ...batch, messages: [value] }
        late(value)
        return undefined
      } catch (thrown) {
        state.phase = 'over'
        throw thrown
      }
    },
    commit() {},
    idle: async () => state.phase === 'waiting' && leave().catch(() => {}),
    close: leave,
  }
}
