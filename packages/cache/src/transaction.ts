import { SnapstreamError, describe, type MaybePromise } from '@snapstream/core'
import { describeKey, idOf, type CacheKey } from './cache-key.ts'
import type { CacheReads } from './cache-reads.ts'
import { DELETE } from './delete.ts'
import type { EntryOptions } from './entry-options.ts'
import type { Claim, KeyLocks } from './key-locks.ts'
import type { ExactlyOnceFeed } from './exactly-once-feed.ts'
import type { MessageLocks } from './message-locks.ts'
import type { Attempt } from './message-scope.ts'
import type { Entry, EntryId } from './overlay.ts'

/** What the function of a transaction gets. It reads and writes the keys of the transaction, and works until that ends. */
export interface CacheTransaction<K extends CacheKey, V> extends Pick<CacheReads<K, V>, 'get' | 'getSync' | 'has'> {
  /** Sets a value: for this transaction at once, for others when it ends. Throws `USAGE`, `ENCODE_FAILED`. */
  put(key: K, value: V, options?: EntryOptions): void
  /** Removes an entry, in the same way. */
  del(key: K): void
}

interface TransactionsOptions<K extends CacheKey, V> {
  readonly name: string
  readonly locks: KeyLocks
  readonly reads: CacheReads<K, V>
  entryOf(key: K, value: V | typeof DELETE, options?: EntryOptions): Entry<K>
  decodeEntry(entry: Entry<K>): V
  /** Makes the writes visible, all at once, and resolves once they are durable; those of a message become so with it. */
  write(entries: readonly Entry<K>[], attempt: Attempt | undefined): Promise<void>
  /** Of a database that is exactly once. */
  readonly messages: TransactionsOfMessages | undefined
}

/** What transactions are a part of, where they are called by a handler of the stream that feeds the cache. */
interface TransactionsOfMessages {
  readonly locks: MessageLocks
  readonly feed: ExactlyOnceFeed
}

export type Transact<K extends CacheKey, V> = <T>(
  keys: K | readonly K[],
  run: (transaction: CacheTransaction<K, V>) => MaybePromise<T>,
) => Promise<T>

export function createTransact<K extends CacheKey, V>(options: TransactionsOptions<K, V>): Transact<K, V> {
  const { name, locks, reads, entryOf, decodeEntry, write, messages } = options
  const valueOf = (entry: Entry<K>) => (entry.stored === undefined ? undefined : decodeEntry(entry))

  return async (keys, run) => {
    const list = Array.isArray(keys) ? (keys as readonly K[]) : [keys as K]
    const named = `a transaction on ${list.map(describeKey).join(', ')} of ${name}`
    if (typeof run !== 'function') throw new SnapstreamError('USAGE', `${named} takes a function, got ${describe(run)}`)
    // Made for each key, so that one that cannot be a key is refused.
    const ids = new Map(list.map((key) => [entryOf(key, DELETE).id, key]))
    const attempt = messages?.feed.attempt(named)
    if (attempt)
      await messages!.locks.hold(attempt, [...ids.keys()], (holder, waiter, id) =>
        busy(named, holder, waiter, ids.get(id)!, 'message', TAKE_ALL),
      )
    const claim: Claim = { ids: [...ids.keys()], since: performance.now() }
    const waiting = locks.acquire(claim, (holder, id) => busy(named, holder, claim, ids.get(id)!, 'one', START_NONE))
    if (waiting) await waiting
    const writes = new Map<EntryId, Entry<K>>()
    let isOver = false

    function idWithin(key: K): EntryId {
      const id = idOf(key)
      if (isOver) throw new SnapstreamError('USAGE', `${named} is over; use it within its function only`)
      if (!ids.has(id))
        throw new SnapstreamError(
          'USAGE',
          `${named} has not got the key ${describeKey(key)}; name all its keys when it starts`,
        )
      return id
    }
    function put(key: K, value: V | typeof DELETE, options?: EntryOptions): void {
      writes.set(idWithin(key), entryOf(key, value, options))
    }

    let result
    try {
      result = await run({
        async get(key) {
          const own = writes.get(idWithin(key))
          return own ? valueOf(own) : reads.get(key)
        },
        getSync(key) {
          const own = writes.get(idWithin(key))
          return own ? valueOf(own) : reads.getSync(key)
        },
        async has(key) {
          const own = writes.get(idWithin(key))
          return own ? own.stored !== undefined : reads.has(key)
        },
        put,
        del: (key) => put(key, DELETE),
      })
      isOver = true
    } catch (error) {
      isOver = true
      locks.release(claim)
      throw error
    }
    if (attempt?.isOver && writes.size > 0) {
      locks.release(claim)
      throw new SnapstreamError(
        'USAGE',
        `${named} ended after the message that it is a part of, and is not kept; the handler has to await it`,
      )
    }
    // Once it is visible the next one may go on; both are then made durable together.
    const written = writes.size === 0 ? undefined : write([...writes.values()], attempt)
    locks.release(claim)
    if (written) await written
    return result
  }
}

const START_NONE = 'start no transaction on a key within one on the same key'
const TAKE_ALL = 'take all keys of a message in one transaction'

function busy(
  named: string,
  holder: Claim,
  waiter: Claim,
  key: CacheKey,
  who: string,
  remedy: string,
): SnapstreamError {
  const now = performance.now()
  const ms = (since: number) => `${Math.round(now - since)} ms`
  return new SnapstreamError(
    'CACHE_BUSY',
    `${named} waited ${ms(waiter.since)} for the key ${describeKey(key)}, which another ${who} has held for ${ms(holder.since)}; end that one sooner, ${remedy}, or set lockWaitMs`,
    { key },
  )
}
