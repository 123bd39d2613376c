import type { Claim, KeyLocks } from './key-locks.ts'
import type { Attempt } from './message-scope.ts'
import type { EntryId } from './overlay.ts'

/**
 * Keys that are held for a message until it is done. What one of its transactions wrote may have to be undone until then,
 * so no other message may build on it.
 */
export interface MessageLocks {
  /** Takes those of the keys that the message does not have yet. Rejects as `KeyLocks.acquire` does. */
  hold(
    attempt: Attempt,
    ids: readonly EntryId[],
    busy: (holder: Claim, waiter: Claim, id: EntryId) => Error,
  ): Promise<void>
}

export function createMessageLocks(locks: KeyLocks): MessageLocks {
  /** By message and key, when it has the key: its transactions wait for the same moment. */
  const held = new WeakMap<Attempt, Map<EntryId, Promise<void>>>()

  async function take(attempt: Attempt, claim: Claim, busy: (holder: Claim, id: EntryId) => Error): Promise<void> {
    await locks.acquire(claim, busy)
    const release = () => locks.release(claim)
    if (attempt.isOver) release()
    else attempt.onEnd(release)
  }

  return {
    async hold(attempt, ids, busy) {
      let own = held.get(attempt)
      if (own === undefined) held.set(attempt, (own = new Map()))
      const mine = own
      const missing = ids.filter((id) => !mine.has(id))
      if (missing.length > 0) {
        const claim: Claim = { ids: missing, since: performance.now() }
        const taking = take(attempt, claim, (holder, id) => busy(holder, claim, id))
        for (const id of missing) mine.set(id, taking)
        taking.catch(() => missing.forEach((id) => mine.delete(id)))
      }
      await Promise.all(ids.map((id) => mine.get(id)!))
    },
  }
}
