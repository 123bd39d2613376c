import { AsyncLocalStorage } from 'node:async_hooks'
import type { EntryId, Entry } from './overlay.ts'

/** One try of a message: its handler, from the call to the last of its sinks. */
export interface Attempt {
  /** It was undone, or its message is done: what comes of it now comes too late. */
  readonly isOver: boolean
  /** Calls back when it is over: in the order of the calls if it is kept, else backwards. */
  onEnd(f: (kept: boolean) => void): void
  /** Notes what it found in a cache when it read a key there, or wrote it. */
  note(cache: object, id: EntryId, entry: Entry | undefined): void
  /** What it noted last; null: nothing. */
  noted(cache: object, id: EntryId): Entry | undefined | null
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
  // The first key: most messages read one, and need no list.
  private cache: object | undefined
  private id: EntryId | undefined
  private entry: Entry | undefined
  private others: Map<object, Map<EntryId, Entry | undefined>> | undefined

  onEnd(f: (kept: boolean) => void): void {
    this.ends ??= []
    this.ends.push(f)
  }

  note(cache: object, id: EntryId, entry: Entry | undefined): void {
    if (this.cache === undefined || (this.cache === cache && this.id === id)) {
      this.cache = cache
      this.id = id
      this.entry = entry
      return
    }
    this.others ??= new Map()
    const known = this.others.get(cache)
    if (known === undefined) this.others.set(cache, new Map([[id, entry]]))
    else known.set(id, entry)
  }

  noted(cache: object, id: EntryId): Entry | undefined | null {
    if (this.cache === cache && this.id === id) return this.entry
    const known = this.others?.get(cache)
    return known?.has(id) === true ? known.get(id) : null
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
