import { isThenable } from './promises.ts'
import type { Batch, MaybePromise, SourceReader } from './protocol.ts'

const LANE = 0
/** An array is handed out in pieces of this many, so that what is appended meanwhile is read as well. */
const PIECE = 2048

/**
 * Any iterable as a reader with one lane and no positions to commit. It never reads ahead: what has been taken from an
 * iterator and not been handled would be lost at a stop.
 */
export function createIterableReader(iterable: Iterable<unknown> | AsyncIterable<unknown>): SourceReader<unknown> {
  const next = Array.isArray(iterable) ? pieces(iterable) : singles(openIterator(iterable))
  let finished: (() => void) | undefined
  let out = false
  let count = 0

  const take = (messages: readonly unknown[] | undefined): Batch<unknown> | undefined => {
    if (messages === undefined) return undefined
    const before = count
    count += messages.length
    out = true
    return {
      lane: LANE,
      messages,
      bytes: 0,
      position: (n) => before + n,
      done(n) {
        if (n < messages.length) return
        out = false
        finished?.()
      },
    }
  }
  const read = (): MaybePromise<Batch<unknown> | undefined> => {
    const messages = next.read()
    return isThenable(messages) ? messages.then(take) : take(messages)
  }

  return {
    read() {
      if (!out) return read()
      return new Promise<void>((resolve) => (finished = resolve)).then(read)
    },
    commit() {},
    close: next.close,
  }
}

interface Pieces {
  read(): MaybePromise<readonly unknown[] | undefined>
  close(): MaybePromise<void>
}

function pieces(array: readonly unknown[]): Pieces {
  let at = 0
  return {
    read() {
      const piece = array.slice(at, at + PIECE)
      at += piece.length
      return piece.length > 0 ? piece : undefined
    },
    close() {},
  }
}

function singles(iterator: AnyIterator): Pieces {
  let ended = false
  const take = (result: IteratorResult<unknown>) => {
    if (!result.done) return [result.value]
    ended = true
    return undefined
  }
  return {
    read() {
      const result = iterator.next()
      return isThenable(result) ? result.then(take) : take(result)
    },
    async close() {
      if (!ended) await iterator.return?.()
    },
  }
}

export type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>

export function openIterator(iterable: Iterable<unknown> | AsyncIterable<unknown>): AnyIterator {
  return Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]()
}
