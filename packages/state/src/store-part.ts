import { DELETE, type CacheKey, type CacheReads, type EntryOptions } from '@snapstream/cache'
import type { Attempt } from '@snapstream/cache/storage'
import { SnapstreamError } from '@snapstream/core'
import type { Part } from './part.ts'
import type { StoreRun } from './store-run.ts'

/**
 * The part of a store that belongs to the partition of a message. Reads see the writes of all messages of the partition up to
 * now. Writes belong to the message: they are undone if its handler fails, and durable with its position.
 */
export interface StorePart<K extends CacheKey, V> extends CacheReads<K, V> {
  /** The number of the partition. */
  readonly partition: number
  /**
   * Event time of the partition, in ms since the epoch, as the operators that use the store have moved it: the largest timestamp
   * of its messages; -Infinity before the first, and without operators.
   */
  readonly time: number
  /**
   * Sets a value, which is visible at once. Throws `USAGE` for an invalid key or option, and after the message was handled;
   * `ENCODE_FAILED`.
   */
  put(key: K, value: V, options?: EntryOptions): void
  /** Removes an entry, if there is one. Throws as `put` does. */
  del(key: K): void
}

/** The part for one message. A class: one is made for each message. */
class MessagePart<K extends CacheKey, V> implements StorePart<K, V> {
  private readonly run: StoreRun<K, V>
  private readonly part: Part<K, V>
  private readonly attempt: Attempt
  private readonly message: unknown

  constructor(run: StoreRun<K, V>, part: Part<K, V>, attempt: Attempt) {
    this.run = run
    this.part = part
    this.attempt = attempt
    this.message = attempt.message
  }

  get partition(): number {
    return this.part.partition
  }
  get time(): number {
    return this.part.operator.clock.time
  }
  get(key: K): Promise<V | undefined> {
    return this.part.reads.get(key)
  }
  getSync(key: K): V | undefined {
    return this.part.reads.getSync(key)
  }
  getMany(keys: readonly K[]): Promise<(V | undefined)[]> {
    return this.part.reads.getMany(keys)
  }
  has(key: K): Promise<boolean> {
    return this.part.reads.has(key)
  }
  entries(range?: Parameters<CacheReads<K, V>['entries']>[0]): AsyncIterableIterator<readonly [key: K, value: V]> {
    return this.part.reads.entries(range)
  }
  keys(range?: Parameters<CacheReads<K, V>['keys']>[0]): AsyncIterableIterator<K> {
    return this.part.reads.keys(range)
  }
  values(range?: Parameters<CacheReads<K, V>['values']>[0]): AsyncIterableIterator<V> {
    return this.part.reads.values(range)
  }
  put(key: K, value: V, options?: EntryOptions): void {
    this.run.write(this.own(), key, value, options)
  }
  del(key: K): void {
    this.run.write(this.own(), key, DELETE)
  }

  /** The attempt is used again for another message once this one is handled. */
  private own(): Attempt {
    const { attempt, message, part } = this
    if (attempt.origin !== undefined && attempt.message === message) return attempt
    throw new SnapstreamError(
      'USAGE',
      `${part.name} was written after its message had been handled; await everything that writes to it in the handler`,
    )
  }
}

/** The part of a store for a message in flight. */
export function createStorePart<K extends CacheKey, V>(run: StoreRun<K, V>, attempt: Attempt): StorePart<K, V> {
  return new MessagePart(run, run.partOf(attempt.origin!), attempt)
}
