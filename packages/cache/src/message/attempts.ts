import type { Lane, Origin } from '@snapstream/core'
import type { Entry, EntryId } from '../entry/entry.ts'

const NONE: readonly Entry[] = []

/**
 * One attempt at a message, with its writes. A class, and its first write in a field: most messages write one entry or none,
 * and the object is used again for a later message.
 */
export class Attempt {
  /** Undefined: it is free. */
  origin: Origin | undefined
  message: unknown
  /** The event time that the message has moved its part to; -Infinity: it has not. */
  time = -Infinity
  private first: Entry | undefined
  private more: Map<EntryId, Entry> | undefined

  /** Whether it has no writes. */
  get isEmpty(): boolean {
    return this.first === undefined
  }

  /** The newest write of each key. */
  get writes(): readonly Entry[] {
    if (this.first === undefined) return NONE
    return this.more === undefined ? [this.first] : [this.first, ...this.more.values()]
  }

  find(id: EntryId): Entry | undefined {
    return this.first?.id === id ? this.first : this.more?.get(id)
  }

  add(entry: Entry): void {
    if (this.first === undefined || this.first.id === entry.id) this.first = entry
    else (this.more ??= new Map()).set(entry.id, entry)
  }

  drop(): void {
    this.first = undefined
    this.more = undefined
    this.time = -Infinity
  }

  begin(origin: Origin): void {
    this.origin = origin
    this.message = origin.message
  }

  end(): void {
    this.origin = undefined
    this.message = undefined
    this.drop()
  }
}

/** The messages in flight of a run. */
export interface Attempts {
  /** An attempt begins; again for a retry. */
  begin(origin: Origin): Attempt
  /** The attempt at a message; undefined if the message is not in flight, `AMBIGUOUS` if several bindings handle it at once. */
  of(message: unknown): Attempt | typeof AMBIGUOUS | undefined
  /** The attempt of an origin; undefined if it has none. */
  from(origin: Origin): Attempt | undefined
  /** The message is over: its attempt is free for another. */
  end(attempt: Attempt): void
  /** The attempts at messages of a lane, or of all lanes. */
  inFlight(lane?: Lane): readonly Attempt[]
}

export const AMBIGUOUS = Symbol('ambiguous')

/**
 * A handler that does not wait ends its message before the next one begins. So the last attempt is kept in a variable, and
 * goes into the maps only if another begins before its end.
 */
export function createAttempts(): Attempts {
  const free: Attempt[] = []
  const byOrigin = new Map<Origin, Attempt>()
  const byMessage = new Map<unknown, Attempt | typeof AMBIGUOUS>()
  let last = new Attempt()

  function park(attempt: Attempt): void {
    byOrigin.set(attempt.origin!, attempt)
    byMessage.set(attempt.message, byMessage.has(attempt.message) ? AMBIGUOUS : attempt)
  }
  function unpark(attempt: Attempt): void {
    byOrigin.delete(attempt.origin!)
    if (byMessage.get(attempt.message) === attempt) return void byMessage.delete(attempt.message)
    const others = [...byOrigin.values()].filter(({ message }) => message === attempt.message)
    if (others.length === 1) byMessage.set(attempt.message, others[0]!)
    else if (others.length === 0) byMessage.delete(attempt.message)
  }

  return {
    begin(origin) {
      if (last.origin !== undefined && last.origin !== origin) {
        park(last)
        last = free.pop() ?? new Attempt()
      }
      const parked = byOrigin.size > 0 ? byOrigin.get(origin) : undefined
      if (parked !== undefined) return parked
      last.begin(origin)
      return last
    },
    of(message) {
      const parked = byMessage.size > 0 ? byMessage.get(message) : undefined
      if (last.origin === undefined || last.message !== message) return parked
      return parked === undefined ? last : AMBIGUOUS
    },
    from(origin) {
      return last.origin === origin ? last : byOrigin.get(origin)
    },
    end(attempt) {
      if (attempt !== last) {
        unpark(attempt)
        free.push(attempt)
      }
      attempt.end()
    },
    inFlight(lane) {
      const all = last.origin === undefined ? [...byOrigin.values()] : [...byOrigin.values(), last]
      return lane === undefined ? all : all.filter(({ origin }) => origin!.lane === lane)
    },
  }
}
