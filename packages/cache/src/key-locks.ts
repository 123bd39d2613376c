import type { EntryId } from './overlay.ts'

/** A timer that is set for longer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Whoever holds keys, or waits for them. */
export interface Claim {
  readonly ids: readonly EntryId[]
  /** Since when it waits; once it holds its keys: since when it does. In ms of `performance.now()`. */
  since: number
}

export interface KeyLocks {
  /**
   * Takes all of the keys at once, in the order of the calls. Undefined if they are free, otherwise a promise, which
   * rejects with what `busy` makes of the claim that holds one of them once `waitMs` have passed.
   */
  acquire(claim: Claim, busy: (holder: Claim, id: EntryId) => Error): Promise<void> | undefined
  /** Has to be called once for a claim that was granted. */
  release(claim: Claim): void
}

interface Waiter {
  readonly claim: Claim
  /** In how many queues there is somebody before it. */
  blocked: number
  grant(): void
  refuse(): void
}

/**
 * A queue for each key that somebody holds: its head has the key. A claim enters all its queues in the same moment, so
 * of two claims the same one is first in every queue they share, and there is no circle of claims that wait.
 */
export function createKeyLocks(waitMs: number): KeyLocks {
  const queues = new Map<EntryId, Waiter[]>()
  // In the order in which they began to wait, so that one timer for the first one is enough.
  const waiting = new Set<Waiter>()
  let timer: ReturnType<typeof setTimeout> | undefined

  function leave(id: EntryId, claim: Claim): void {
    const queue = queues.get(id)!
    const at = queue.findIndex((waiter) => waiter.claim === claim)
    queue.splice(at, 1)
    if (queue.length === 0) queues.delete(id)
    // Those behind a claim that gave up waiting still have its holder before them.
    else if (at === 0 && --queue[0]!.blocked === 0) granted(queue[0]!)
  }
  function granted(waiter: Waiter): void {
    waiting.delete(waiter)
    waiter.claim.since = performance.now()
    waiter.grant()
    if (waiting.size === 0) clearTimeout(timer)
  }
  function watch(): void {
    const [first] = waiting
    if (first === undefined) return
    const left = first.claim.since + waitMs - performance.now()
    timer = setTimeout(
      () => {
        const now = performance.now()
        for (const waiter of waiting) {
          if (waiter.claim.since + waitMs > now) break
          waiting.delete(waiter)
          waiter.refuse()
        }
        watch()
      },
      Math.min(left, LONGEST_TIMER_MS),
    )
  }
  function release(claim: Claim): void {
    for (const id of claim.ids) leave(id, claim)
  }

  return {
    acquire(claim, busy) {
      const waiter: Waiter = { claim, blocked: 0, grant() {}, refuse() {} }
      for (const id of claim.ids) {
        const queue = queues.get(id)
        if (queue === undefined) queues.set(id, [waiter])
        else {
          waiter.blocked++
          queue.push(waiter)
        }
      }
      if (waiter.blocked === 0) return undefined
      return new Promise((resolve, reject) => {
        waiter.grant = resolve
        waiter.refuse = () => {
          const id = claim.ids.find((id) => queues.get(id)![0] !== waiter)!
          reject(busy(queues.get(id)![0]!.claim, id))
          release(claim)
        }
        waiting.add(waiter)
        if (waiting.size === 1) watch()
      })
    },
    release,
  }
}
