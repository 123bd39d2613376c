import type { CacheKey } from '../entry/cache-key.ts'
import type { EntryId } from '../entry/entry.ts'
import type { Attempt } from '../exactly-once/message-scope.ts'
import type { Claim, KeyLocks } from './key-locks.ts'

/**
 * Locks that an attempt to handle a message holds until it is over. Writes of its transactions may be undone until then, so
 * no other message may read them.
 */
export interface MessageLocks {
  /** Takes the keys that the attempt does not hold yet. Rejects as `KeyLocks.acquire` does. */
  hold(attempt: Attempt, keys: ReadonlyMap<EntryId, CacheKey>): Promise<void>
}

export function createMessageLocks(locks: KeyLocks): MessageLocks {
  /** For each attempt, by key, when the lock is taken: its transactions wait for the same promise. */
  const held = new WeakMap<Attempt, Map<EntryId, Promise<void>>>()

  async function take(attempt: Attempt, claim: Claim): Promise<void> {
    await locks.acquire(claim)
    if (attempt.isOver) locks.release(claim)
    else attempt.onEnd(() => locks.release(claim))
  }

  return {
    async hold(attempt, keys) {
      const own = held.get(attempt) ?? new Map<EntryId, Promise<void>>()
      held.set(attempt, own)
      const missing = new Map([...keys].filter(([id]) => !own.has(id)))
      if (missing.size > 0) {
        const taking = take(attempt, { keys: missing, since: performance.now() })
        for (const id of missing.keys()) own.set(id, taking)
        taking.catch(() => [...missing.keys()].forEach((id) => own.delete(id)))
      }
      await Promise.all([...keys.keys()].map((id) => own.get(id)!))
    },
  }
}
