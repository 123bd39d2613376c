import { SnapstreamError, describe, type MaybePromise } from '@snapstream/core'
import { describeKey, idOf, type CacheKey } from '../entry/cache-key.ts'
import { DELETE } from '../entry/delete.ts'
import type { Entry, EntryId, EntryOptions } from '../entry/entry.ts'
import type { Feed } from '../exactly-once/feed.ts'
import type { Attempt } from '../exactly-once/message-scope.ts'
import type { CacheReads } from '../reading/reads.ts'
import { KeyBusy, type Claim, type KeyLocks } from './key-locks.ts'
import type { MessageLocks } from './message-locks.ts'

/**
 * Reads and writes the keys of a transaction, from within its function. Reads see the transaction's own writes. Calls throw
 * `USAGE` for a key that the transaction does not have, and after its end.
 */
export interface CacheTransaction<K extends CacheKey, V> extends Pick<CacheReads<K, V>, 'get' | 'getSync' | 'has'> {
  /** Sets a value, which others see when the transaction ends. Throws `USAGE` and `ENCODE_FAILED`. */
  put(key: K, value: V, options?: EntryOptions): void
  /** Removes an entry, which others see when the transaction ends. Throws `USAGE`. */
  del(key: K): void
}

interface TransactionsOptions<K extends CacheKey, V> {
  readonly name: string
  readonly locks: KeyLocks
  readonly reads: CacheReads<K, V>
  entryOf(key: K, value: V | typeof DELETE, options?: EntryOptions): Entry<K>
  decodeEntry(entry: Entry<K>): V
  /** Makes all writes visible at once. Resolves when they are durable; the writes of a message become durable with the message. */
  write(entries: readonly Entry<K>[], attempt: Attempt | undefined): Promise<void>
  /** Set only for a database with exactly-once messages. */
  readonly messages: { readonly feed: Feed; readonly locks: MessageLocks } | undefined
}

/** The method `transaction` of a cache. */
export type Transact<K extends CacheKey, V> = <T>(
  keys: K | readonly K[],
  run: (transaction: CacheTransaction<K, V>) => MaybePromise<T>,
) => Promise<T>

/** A running transaction. */
interface Running<K extends CacheKey> {
  /** For error messages. */
  readonly named: string
  readonly keys: ReadonlyMap<EntryId, K>
  readonly writes: Map<EntryId, Entry<K>>
  isOver: boolean
}

export function createTransact<K extends CacheKey, V>(options: TransactionsOptions<K, V>): Transact<K, V> {
  const { name, locks, entryOf, write, messages } = options

  return async (keys, run) => {
    const list = Array.isArray(keys) ? (keys as readonly K[]) : [keys as K]
    const named = `a transaction on ${list.map(describeKey).join(', ')} of ${name}`
    if (typeof run !== 'function') throw new SnapstreamError('USAGE', `${named} takes a function, got ${describe(run)}`)
    // `entryOf` throws for a value that is not a key.
    const ids = new Map(list.map((key) => [entryOf(key, DELETE).id, key]))
    const attempt = messages?.feed.attempt(named)
    const claim: Claim = { keys: ids, since: performance.now() }
    if (attempt) await messages!.locks.hold(attempt, ids).catch(busy(named, 'message', TAKE_ALL))
    claim.since = performance.now()
    const waiting = locks.acquire(claim)
    if (waiting) await waiting.catch(busy(named, 'transaction', START_NONE))
    const running: Running<K> = { named, keys: ids, writes: new Map(), isOver: false }
    let result
    try {
      result = await run(handleOf(running, options))
    } catch (error) {
      locks.release(claim)
      throw error
    } finally {
      running.isOver = true
    }
    const { writes } = running
    if (attempt?.isOver && writes.size > 0) {
      locks.release(claim)
      throw new SnapstreamError(
        'USAGE',
        `${named} ended after its message, so its writes are discarded; await it in the handler`,
      )
    }
    // The next transaction may begin as soon as the writes are visible: both become durable together.
    const written = writes.size === 0 ? undefined : write([...writes.values()], attempt)
    locks.release(claim)
    if (written) await written
    return result
  }
}

/** The object that the function of a transaction gets. */
function handleOf<K extends CacheKey, V>(
  running: Running<K>,
  { reads, entryOf, decodeEntry }: TransactionsOptions<K, V>,
): CacheTransaction<K, V> {
  const { named, keys, writes } = running
  const valueOf = (entry: Entry<K>) => (entry.stored === undefined ? undefined : decodeEntry(entry))

  function idWithin(key: K): EntryId {
    const id = idOf(key)
    if (running.isOver) throw new SnapstreamError('USAGE', `${named} is over; use it within its function only`)
    if (!keys.has(id))
      throw new SnapstreamError(
        'USAGE',
        `${named} does not have the key ${describeKey(key)}; name all its keys when it starts`,
      )
    return id
  }
  function put(key: K, value: V | typeof DELETE, options?: EntryOptions): void {
    writes.set(idWithin(key), entryOf(key, value, options))
  }

  return {
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
  }
}

const TAKE_ALL = 'take all keys of a message in one transaction'
const START_NONE = 'start no transaction on a key within one on the same key'

/** Turns `KeyBusy` into `CACHE_BUSY`. */
function busy(named: string, other: 'message' | 'transaction', remedy: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof KeyBusy)) throw error
    const { key, waiter, holder } = error
    const now = performance.now()
    const ms = (since: number) => `${Math.round(now - since)} ms`
    throw new SnapstreamError(
      'CACHE_BUSY',
      `${named} waited ${ms(waiter.since)} for the key ${describeKey(key)}, which another ${other} has held for ${ms(holder.since)}; end that one sooner, ${remedy}, or set lockWaitMs`,
      { key },
    )
  }
}
