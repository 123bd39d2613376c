import type { Batch, SourceReader } from '../protocol.ts'

export type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>

/** Whether a value is an iterator, whose values are emitted one by one. */
export function isIterator(value: unknown): value is AnyIterator {
  return typeof value === 'object' && typeof (value as AnyIterator | null)?.next === 'function'
}

/** A batch that stands for an iterator: its messages are handled as the iterator gives them, without a queue. */
export interface IteratorBatch extends Batch<unknown> {
  readonly iterator: AnyIterator
  readonly asynchronous: boolean
  /**
   * The state of the iterator, written by its consumer: `waiting` for the next message, `suspended` after the last one, or
   * `over`, as it has ended or thrown.
   */
  phase: 'waiting' | 'suspended' | 'over'
}

export interface IteratorReader extends SourceReader<unknown> {
  /** Ends an iterator that waits for its next message. Resolves once it has ended. Never rejects: `close` rejects instead. */
  idle(): Promise<unknown>
}

interface IterableOptions {
  /** Whether it feeds one binding, one message at a time. The worker then reads the iterator itself, as fast as a plain loop. */
  readonly direct: boolean
  /** Aborted when the time for handling is over. */
  readonly signal: AbortSignal
  /** Reports a message that comes after that. */
  readonly unhandled: (message: unknown) => void
}

/**
 * Makes a source of an iterable, with one lane and nothing to commit. It never reads ahead: a message that was taken from the
 * iterator but not handled would be lost at a stop.
 */
export function createIterableReader(
  iterable: Iterable<unknown> | AsyncIterable<unknown>,
  { direct, signal, unhandled }: IterableOptions,
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

  /** Calls `return` as `for..of` does: once, and not after the iterator has ended or thrown. */
  async function leave(): Promise<void> {
    if (state.phase !== 'over') leaving ??= (async () => iterator.return?.())()
    await leaving
  }

  return {
    async read() {
      // The only batch: it ends when the iterator ends.
      if (direct) return given++ ? undefined : state
      if (asynchronous) state.phase = 'waiting'
      try {
        const { done, value } = await iterator.next()
        state.phase = done ? 'over' : 'suspended'
        if (done) return undefined
        if (!signal.aborted) return { ...batch, messages: [value] }
        unhandled(value)
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
