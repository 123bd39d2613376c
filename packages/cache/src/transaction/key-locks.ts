import type { CacheKey } from '../entry/cache-key.ts'
import type { EntryId } from '../entry/entry.ts'

/** Timers that are set for longer fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Keys that are held, or waited for, together. */
export interface Claim {
  readonly keys: ReadonlyMap<EntryId, CacheKey>
  /** The moment since which the claim waits or, once it holds its keys, holds them. In ms of `performance.now()`. */
  since: number
}

/** A claim waited too long for a key. */
export class KeyBusy extends Error {
  readonly key: CacheKey
  readonly waiter: Claim
  readonly holder: Claim

  constructor(key: CacheKey, waiter: Claim, holder: Claim) {
    super('the key is busy')
    this.key = key
    this.waiter = waiter
    this.holder = holder
  }
}

/** Exclusive locks on keys. */
export interface KeyLocks {
  /**
   * Takes all keys of a claim at once, in the order of the calls. Returns undefined if they are free, otherwise a promise
   * that rejects with `KeyBusy` after the wait time-out.
   */
  acquire(claim: Claim): Promise<void> | undefined
  /** To be called once for a claim that was granted. */
  release(claim: Claim): void
}

interface Waiter {
  readonly claim: Claim
  /** The number of queues in which another claim is before this one. */
  blocked: number
  grant(): void
  refuse(reason: KeyBusy): void
}

interface LocksState {
  readonly waitMs: number
  /** A queue for each key that is held; its head holds the key. */
  readonly queues: Map<EntryId, Waiter[]>
  /** In the order in which they began to wait, so that one timer for the first is enough. */
  readonly waiting: Set<Waiter>
  timer: ReturnType<typeof setTimeout> | undefined
}

/**
 * A claim enters the queues of all its keys at the same moment. Of two claims the same one is therefore first in every
 * queue that they share, so claims cannot deadlock.
 */
export function createKeyLocks(waitMs: number): KeyLocks {
  const state: LocksState = { waitMs, queues: new Map(), waiting: new Set(), timer: undefined }
  return {
    acquire(claim) {
      const waiter = enter(state, claim)
      if (waiter.blocked === 0) return undefined
      return new Promise((resolve, reject) => {
        waiter.grant = resolve
        waiter.refuse = reject
        state.waiting.add(waiter)
        if (state.waiting.size === 1) setTimer(state)
      })
    },
    release: (claim) => release(state, claim),
  }
}

function enter({ queues }: LocksState, claim: Claim): Waiter {
  const waiter: Waiter = { claim, blocked: 0, grant() {}, refuse() {} }
  for (const id of claim.keys.keys()) {
    const queue = queues.get(id)
    if (queue === undefined) queues.set(id, [waiter])
    else {
      waiter.blocked++
      queue.push(waiter)
    }
  }
  return waiter
}

function release(state: LocksState, claim: Claim): void {
  for (const id of claim.keys.keys()) {
    const queue = state.queues.get(id)!
    const at = queue.findIndex((waiter) => waiter.claim === claim)
    queue.splice(at, 1)
    if (queue.length === 0) state.queues.delete(id)
    // Claims behind one that stopped waiting are still behind the holder.
    else if (at === 0 && --queue[0]!.blocked === 0) grant(state, queue[0]!)
  }
}

function grant(state: LocksState, waiter: Waiter): void {
  state.waiting.delete(waiter)
  waiter.claim.since = performance.now()
  waiter.grant()
  if (state.waiting.size === 0) clearTimeout(state.timer)
}

/** Sets the timer for the claim that has waited longest. */
function setTimer(state: LocksState): void {
  const [first] = state.waiting
  if (first === undefined) return
  const left = first.claim.since + state.waitMs - performance.now()
  state.timer = setTimeout(
    () => {
      refuseLate(state)
      setTimer(state)
    },
    Math.min(left, MAX_TIMER_MS),
  )
}

function refuseLate(state: LocksState): void {
  const now = performance.now()
  for (const waiter of state.waiting) {
    const { claim } = waiter
    if (claim.since + state.waitMs > now) break
    state.waiting.delete(waiter)
    const [id, key] = [...claim.keys].find(([id]) => state.queues.get(id)![0] !== waiter)!
    waiter.refuse(new KeyBusy(key, claim, state.queues.get(id)![0]!.claim))
    release(state, claim)
  }
}
