import type { Context } from '@snapstream/core'
import { isThenable } from '@snapstream/core/adapter'
import type { OperatorStep } from './step.ts'

/** Where the event times of results go while sinks write them. */
interface ResultTimes {
  /** The results of a message have this time from now on; undefined: that of the message. */
  setTime(message: unknown, timestamp: number | undefined): void
}

/** The results of a message, on their way to the handler. */
export interface Results<T> {
  /** The last step of a chain. */
  readonly step: OperatorStep<T>
  /** The results of the next message follow. */
  begin(): void
  /**
   * Hands the results to the handler, and answers as a handler does. No result: undefined. One: the answer of the handler. More:
   * an iterator of what the handler answers to each of them.
   */
  end(message: unknown, context: Context): unknown
}

export function createResults<T>(
  handler: (result: T, context: Context) => unknown,
  times: ResultTimes | undefined,
): Results<T> {
  // The first one is in a field of its own, as most messages have at most one.
  let count = 0
  let first: T | undefined
  let firstTime: number | undefined
  let more: T[] = []
  let moreTimes: (number | undefined)[] = []

  return {
    step: {
      message(result, timestamp) {
        if (count++ === 0) {
          first = result
          firstTime = timestamp
        } else {
          more.push(result)
          moreTimes.push(timestamp)
        }
      },
    },
    begin() {
      if (count === 0) return
      count = 0
      if (more.length > 0) {
        more = []
        moreTimes = []
      }
    },
    end(message, context) {
      if (count === 0) return undefined
      const result = first as T
      first = undefined
      if (more.length === 0) {
        if (times && firstTime !== undefined) times.setTime(message, firstTime)
        return handler(result, context)
      }
      const results = [result, ...more]
      const own = [firstTime, ...moreTimes]
      return iterate(results.length, (i) => {
        times?.setTime(message, own[i])
        return handler(results[i] as T, context)
      })
    },
  }
}

type Item = IteratorResult<unknown, undefined>
type Items = Iterator<unknown> | AsyncIterator<unknown>

const END: Item = { done: true, value: undefined }

/**
 * An iterator of what `handle` answers to each of `count` results: values, and those of promises and iterators. `next` returns a
 * promise only where it has to wait, which the engine allows.
 */
function iterate(count: number, handle: (i: number) => unknown) {
  let at = 0
  let inner: Items | undefined

  function next(): Item | Promise<Item> {
    for (;;) {
      if (inner) {
        const answer = inner.next() as Item | PromiseLike<Item>
        if (isThenable(answer)) return later(answer)
        if (!answer.done) return answer
        inner = undefined
      }
      if (at === count) return END
      const answer = handle(at++)
      if (isThenable(answer)) return settle(answer)
      const item = take(answer)
      if (item) return item
    }
  }

  /** Undefined for nothing, and for an iterator, which comes next. */
  function take(answer: unknown): Item | undefined {
    if (answer === undefined) return undefined
    if (!isIterator(answer)) return { done: false, value: answer }
    inner = answer
    return undefined
  }
  async function settle(answer: PromiseLike<unknown>): Promise<Item> {
    return take(await answer) ?? next()
  }
  async function later(answer: PromiseLike<Item>): Promise<Item> {
    const item = await answer
    if (!item.done) return item
    inner = undefined
    return next()
  }

  return {
    next,
    /** The rest is not wanted. */
    return(): unknown {
      at = count
      return inner?.return?.()
    },
  }
}

function isIterator(value: unknown): value is Items {
  return typeof value === 'object' && typeof (value as Partial<Items> | null)?.next === 'function'
}
