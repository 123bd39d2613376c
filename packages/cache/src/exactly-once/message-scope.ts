import { AsyncLocalStorage } from 'node:async_hooks'
import { isThenable } from '@snapstream/core/adapter'
import type { Entry, EntryId } from '../entry/entry.ts'

/** One attempt to handle a message: from the call of the handler to the last of its sinks. */
export interface Attempt {
  /** Whether it was undone or its message is done. Writes that arrive later are not kept. */
  readonly isOver: boolean
  /** Registers a function for the end of the attempt. They are called in order if it is kept, else in reverse. */
  onEnd(f: (kept: boolean) => void): void
  /** Notes the entry that it found in a cache when it read the key, or the entry that it wrote. */
  note(cache: object, id: EntryId, entry: Entry | undefined): void
  /** The entry that it noted last for the key; null if it noted none. */
  noted(cache: object, id: EntryId): Entry | undefined | null
}

/** Tells which attempt makes a call, also after an `await`. */
export interface MessageScope {
  /** The attempt that makes this call, if any. */
  current(): Attempt | undefined
  /** Runs an attempt; see the protocol of sinks. */
  enclose<T>(handle: () => T): T
  undo(): void
}

export function createMessageScope(): MessageScope {
  const storage = new AsyncLocalStorage<MessageAttempt>()
  return {
    current: () => storage.getStore(),
    enclose<T>(handle: () => T): T {
      const attempt = new MessageAttempt()
      let outcome: T
      try {
        outcome = storage.run(attempt, handle)
      } catch (error) {
        attempt.end(false)
        throw error
      }
      if (isThenable(outcome)) return settle(outcome, attempt) as T
      attempt.end(true)
      return outcome
    },
    undo: () => storage.getStore()?.end(false),
  }
}

async function settle(outcome: PromiseLike<unknown>, attempt: MessageAttempt): Promise<unknown> {
  let kept = false
  try {
    const skipped = await outcome
    kept = skipped !== true
    return skipped
  } finally {
    attempt.end(kept)
  }
}

// A class, and its first note in fields: one is made for each message, and most messages read one key or none.
class MessageAttempt implements Attempt {
  isOver = false
  private ends: ((kept: boolean) => void)[] | undefined
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
