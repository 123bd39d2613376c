import { AsyncLocalStorage } from 'node:async_hooks'
import type { EntryId, Entry } from './overlay.ts'

/** One try of a message: its handler, from the call to the last of its sinks. */
export interface Attempt {
  /** It was undone, or its message is done: what comes of it now comes too late. */
  readonly isOver: boolean
  /** Calls back when it is over: in the order of the calls if it is kept, else backwards. */
  onEnd(f: (kept: boolean) => void): void
  /** What it found in a cache when it read a key there last, or wrote it. */
  seenIn(cache: object): Map<EntryId, Entry | undefined>
  /** The same, if it has read or written there at all. */
  hasSeenIn(cache: object): ReadonlyMap<EntryId, Entry | undefined> | undefined
}

/** Knows for each call which message it is made for, also behind an `await`. */
export interface MessageScope {
  /** Of the message for which this is called, if it is called for one. */
  current(): Attempt | undefined
  /** As in the protocol of sinks. */
  enclose<T>(handle: () => T): T
  undo(): void
}

export function createMessageScope(): MessageScope {
  const storage = new AsyncLocalStorage<OneAttempt>()
  return {
    current: () => storage.getStore(),
    enclose<T>(handle: () => T): T {
      const attempt = new OneAttempt()
      let outcome: T
      try {
        outcome = storage.run(attempt, handle)
      } catch (error) {
        attempt.end(false)
        throw error
      }
      if (isPromise(outcome)) return settle(outcome, attempt) as T
      attempt.end(true)
      return outcome
    },
    undo: () => storage.getStore()?.end(false),
  }
}

async function settle(outcome: PromiseLike<unknown>, attempt: OneAttempt): Promise<unknown> {
  let kept = false
  try {
    const skipped = await outcome
    kept = skipped !== true
    return skipped
  } finally {
    attempt.end(kept)
  }
}

// One is made for each message: most of them need nothing of it.
class OneAttempt implements Attempt {
  isOver = false
  private ends: ((kept: boolean) => void)[] | undefined
  private seen: Map<object, Map<EntryId, Entry | undefined>> | undefined

  onEnd(f: (kept: boolean) => void): void {
    this.ends ??= []
    this.ends.push(f)
  }

  seenIn(cache: object): Map<EntryId, Entry | undefined> {
    this.seen ??= new Map()
    let seen = this.seen.get(cache)
    if (seen === undefined) this.seen.set(cache, (seen = new Map()))
    return seen
  }

  hasSeenIn(cache: object): ReadonlyMap<EntryId, Entry | undefined> | undefined {
    return this.seen?.get(cache)
  }

  end(kept: boolean): void {
    if (this.isOver) return
    this.isOver = true
    if (this.ends !== undefined) for (const f of kept ? this.ends : this.ends.toReversed()) f(kept)
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
