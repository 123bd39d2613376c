import { SnapstreamError, describe, type SinkOptions, type SinkWriter } from '@snapstream/core'
import { checkKey, describeKey, idOf, type CacheKey } from './cache-key.ts'
import type { CacheInput } from './cache-input.ts'
import type { CacheOperation } from './cache-operation.ts'
import type { SubCacheOptions } from './cache-options.ts'
import type { CacheRange } from './cache-range.ts'
import type { Database } from './database.ts'
import { DELETE } from './delete.ts'
import type { ExactlyOnceFeed } from './exactly-once-feed.ts'
import { expiryOf, ttlOf, type EntryOptions } from './entry-options.ts'
import { createKeyLocks } from './key-locks.ts'
import { INDEX_HEAD_BYTES, createKeySpace } from './key-space.ts'
import { createLiveView } from './live-view.ts'
import { nameErrors } from './named-format.ts'
import { createMessageLocks } from './message-locks.ts'
import type { Attempt } from './message-scope.ts'
import { createOverlay, type Entry, type Overlay } from './overlay.ts'
import { createReads } from './reads.ts'
import { createRetention } from './retention.ts'
import { createSnapshot } from './snapshot.ts'
import { createTransact } from './transaction.ts'
import { createUpkeep } from './upkeep.ts'
import { codecFormat, jsonFormat } from './value-format.ts'

/** How many entries `clear` removes in one batch. */
const CLEARS_PER_BATCH = 10_000

const LOCK_WAIT_MS = 30_000

/** One cache of a database: its state and what can be done with it. */
// oxlint-disable-next-line typescript/explicit-function-return-type -- Cache spells it out
export function createStore<K extends CacheKey, V>(
  database: Database,
  name: string,
  prefix: string,
  options: SubCacheOptions<V>,
) {
  const { codec, lockWaitMs = LOCK_WAIT_MS, ttlMs = Infinity, maxEntries = Infinity, maxBytes = Infinity } = options
  const space = createKeySpace(prefix)
  const format = nameErrors(codec ? codecFormat(codec) : jsonFormat<V>(), name)
  const { opened, writable, now, feed } = database
  const overlay = createOverlay(database.buffered, feed !== undefined, () => database.touch(member))
  const retention = createRetention({ database, space, encoding: format.encoding, maxEntries, maxBytes })
  const reading = { name, format, space, opened, now, mayEnd: retention.mayEnd }
  const reads = createReads<K, V>({ ...reading, above: feed ? noteReads(overlay, feed) : overlay })
  const view = createLiveView<K, V>(format.decodeEntry, now)
  const locks = createKeyLocks(lockWaitMs)
  const upkeep = createUpkeep({ name, space, database, keys: reads.keys, isBehind })
  const member = { ...retention, overlay, end: () => view.end() }
  database.join(member)

  /** Asked for a batch that has to remove it, whenever that was looked at last. */
  function isBehind(): boolean {
    if (!retention.isBehind()) return false
    database.touch(member)
    return true
  }

  /** Before it is in a batch: the whole batch would fail, and again each time. */
  function checkLength(key: K, isIndexed: boolean): void {
    const head = space.start.length
    const room = database.maxKeyBytes - head - (isIndexed ? INDEX_HEAD_BYTES : 0)
    // A character has three bytes at most: short texts need not be measured.
    if (room === Infinity || (typeof key === 'string' && key.length * 3 <= room)) return
    const own = space.encode(key).length - head
    if (own <= room) return
    throw new SnapstreamError(
      'USAGE',
      `${name} takes keys of ${room} bytes at most, got ${describeKey(key)} with ${own}; shorten it, or put a hash in its place`,
    )
  }

  function entryOf(key: K, value: V | typeof DELETE, options?: EntryOptions): Entry<K> {
    checkKey(key)
    const stored = value === DELETE ? undefined : format.encode(value, key)
    const expiresAt = value === DELETE ? 0 : expiryOf(ttlOf(options, ttlMs), now)
    checkLength(key, expiresAt !== 0 || retention.isBounded())
    const kept =
      key instanceof Uint8Array ? (new Uint8Array(key) as CacheKey as K) : Object.is(key, -0) ? (0 as K) : key
    return { id: idOf(kept), key: kept, stored, expiresAt }
  }

  /** All in one batch: what is queued between two batches is never parted. */
  async function write(entries: readonly Entry<K>[], attempt?: Attempt): Promise<void> {
    writable()
    if (attempt) {
      for (const entry of entries) writeWithMessage(entry, attempt)
      return undefined
    }
    feed?.refuseOthers()
    for (const entry of entries) {
      overlay.queue(entry)
      view.publish(entry)
    }
    return database.commit(false)
  }

  /** Visible at once, told when its message is done, durable with its position. Undone when the message is not kept. */
  function writeWithMessage(entry: Entry<K>, attempt: Attempt): void {
    if (attempt.isOver) return
    const undo = overlay.exchange(entry)
    noteWrite(attempt, entry)
    attempt.onEnd((kept) => (kept ? view.publish(entry) : undo()))
    if (database.isFull) feed?.full()
  }

  /** A sink's write of what its message has read, where another one wrote it since, would undo what that did. */
  function refuseLost(attempt: Attempt, { id, key }: Entry<K>): void {
    const noted = attempt.noted(overlay, id)
    if (noted === null || noted === overlay.find(id)) return
    throw new SnapstreamError(
      'CACHE_BUSY',
      `${name}: the key ${describeKey(key)} was written for another message after this one had read it, and what this one writes would undo that; ` +
        'read and write the key in one transaction(), or without an await in between',
      { key },
    )
  }

  function noteWrite(attempt: Attempt, entry: Entry<K>): void {
    if (attempt.noted(overlay, entry.id) !== null) attempt.note(overlay, entry.id, entry)
  }

  async function writeOne(key: K, value: V | typeof DELETE, options?: EntryOptions): Promise<void> {
    writable()
    return write([entryOf(key, value, options)])
  }

  async function batch(operations: readonly CacheOperation<K, V>[]): Promise<void> {
    writable()
    if (!Array.isArray(operations)) throw notOperation(`an array of operations`, operations)
    return write(
      operations.map((operation: CacheOperation<K, V>) => {
        if (operation?.type === 'put') return entryOf(operation.key, operation.value, optionsOf(operation))
        if (operation?.type === 'del') return entryOf(operation.key, DELETE)
        throw notOperation(`{ type: 'put', key, value } or { type: 'del', key }`, operation)
      }),
    )
  }

  function notOperation(expected: string, came: unknown): SnapstreamError {
    return new SnapstreamError('USAGE', `${name}: batch() takes ${expected}, got ${describe(came)}`)
  }

  async function clear(range: CacheRange<K> = {}): Promise<void> {
    writable()
    let deletions: Entry<K>[] = []
    for await (const key of reads.keys(range)) {
      deletions.push(entryOf(key, DELETE))
      if (deletions.length < CLEARS_PER_BATCH) continue
      await write(deletions)
      deletions = []
    }
    if (deletions.length > 0) await write(deletions)
  }

  return {
    ...reads,
    batch,
    clear,
    snapshot() {
      const moment = now()
      const mayEnd = retention.mayEnd()
      return createSnapshot<K, V>({ ...reading, now: () => moment, mayEnd: () => mayEnd }, overlay.copy())
    },
    ...upkeep,
    transaction: createTransact({
      name,
      locks,
      reads,
      entryOf,
      decodeEntry: format.decodeEntry,
      write,
      messages: feed && { feed, locks: createMessageLocks(createKeyLocks(lockWaitMs)) },
    }),
    set: writeOne,
    del: (key: K) => writeOne(key, DELETE),
    keyOf: ([key]: readonly [key: K, value: V]) => idOf(key),
    openReader: view.openReader,
    openWriter(options: SinkOptions): SinkWriter<CacheInput<K, V>> {
      const fed = feed?.open(options)
      if (!fed) return { write: writeInput, flush: () => database.commit(true) }
      return {
        ...fed,
        write(input) {
          take(input)
          if (database.isFull) feed?.full()
        },
      }
    },
  }

  function writeInput(input: CacheInput<K, V>): void | Promise<void> {
    take(input)
    // A failing batch is no fault of this value: the flush tries again and reports it.
    return database.isFull ? database.commit(true).catch(() => {}) : undefined
  }

  function take(input: CacheInput<K, V>): void {
    writable()
    if (!isInput(input))
      throw new SnapstreamError(
        'SINK_REFUSED',
        `${name} takes [key, value] or [key, value, { ttlMs }], got ${describe(input)}; return one of these, or [key, DELETE] to remove it`,
      )
    const [key, value, options] = input
    const entry = entryOf(key, value, options)
    const attempt = feed?.ifAttempt()
    if (attempt) refuseLost(attempt, entry)
    overlay.buffer(entry)
    if (attempt) noteWrite(attempt, entry)
    view.publish(entry)
  }
}

/** The same, and each message knows what it saw. */
function noteReads(overlay: Overlay, feed: ExactlyOnceFeed): Pick<Overlay, 'isEmpty' | 'find' | 'entries'> {
  return {
    get isEmpty() {
      return overlay.isEmpty && feed.ifAttempt() === undefined
    },
    find(id) {
      const entry = overlay.find(id)
      feed.ifAttempt()?.note(overlay, id, entry)
      return entry
    },
    entries: overlay.entries,
  }
}

function optionsOf({ ttlMs }: EntryOptions): EntryOptions | undefined {
  return ttlMs === undefined ? undefined : { ttlMs }
}

function isInput(input: unknown): boolean {
  return Array.isArray(input) && (input.length === 2 || (input.length === 3 && typeof input[2] === 'object'))
}
