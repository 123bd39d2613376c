import { SnapstreamError, describe, type Origin, type SinkOptions, type SinkWriter } from '@snapstream/core'
import type { Database } from './database/database.ts'
import { compactRange, statsOf, type CacheStats } from './database/maintenance.ts'
import type { Member } from './database/members.ts'
import { createWriteBuffer, type WriteBuffer } from './database/write-buffer.ts'
import { AreaKey } from './entry/area-key.ts'
import { describeKey, idOf, type CacheKey } from './entry/cache-key.ts'
import { createEntries } from './entry/create-entry.ts'
import { DELETE } from './entry/delete.ts'
import { checkInput } from './entry/entry.ts'
import type { CacheInput, CacheOperation, Entry, EntryId, EntryOptions } from './entry/entry.ts'
import { createKeySpace } from './entry/key-space.ts'
import type { CacheRange } from './entry/range.ts'
import { createValueFormat } from './entry/value-format.ts'
import { openFedSink, type Feed } from './exactly-once/feed.ts'
import type { Attempt } from './exactly-once/message-scope.ts'
import type { SubCacheOptions } from './options.ts'
import { createCacheOperator, type CacheOperator } from './operator/cache-operator.ts'
import { createLiveView } from './reading/live-view.ts'
import { createReads, type ReadsOptions } from './reading/reads.ts'
import { createSnapshot } from './reading/snapshot.ts'
import { createRetention } from './retention/retention.ts'
import { createKeyLocks } from './transaction/key-locks.ts'
import { createMessageLocks } from './transaction/message-locks.ts'
import { createTransact } from './transaction/transaction.ts'

/** The number of entries that `clear` removes in one batch. */
const CLEARS_PER_BATCH = 10_000

const LOCK_WAIT_MS = 30_000

/** Everything that one cache of a database can do. */
// oxlint-disable-next-line typescript/explicit-function-return-type -- Cache spells it out
export function createStore<K extends CacheKey, V>(
  database: Database,
  name: string,
  prefix: string,
  options: SubCacheOptions<V>,
) {
  const { codec, lockWaitMs = LOCK_WAIT_MS, ttlMs = Infinity, maxEntries = Infinity, maxBytes = Infinity } = options
  const { opened, writable, now, feed } = database
  const space = createKeySpace(prefix)
  const format = createValueFormat(codec, name)
  const writes = createWriteBuffer(database.bufferUse, feed !== undefined)
  const retention = createRetention({ database, space, maxEntries, maxBytes })
  const reading = { name, format, space, opened, now, mayExpire: retention.mayExpire }
  const reads = createReads<K, V>({
    ...reading,
    above: aboveOf(feed ? noteReads(writes, feed) : writes, () => operator),
  })
  const view = createLiveView<K, V>(format.decodeEntry, now)
  const target = { name, space, database }
  const entryOf = createEntries<K, V>({ name, database, space, format, ttlMs, isBounded: retention.isBounded })
  const member: Member = {
    ...retention,
    writes,
    async write(batch, db, taken) {
      await retention.write(batch, db, taken)
    },
    end: () => view.end(),
  }
  database.join(member)

  /** The next batch asks only members that announced a write. */
  function announceWrite(): void {
    if (!writes.isPending) database.touch(member)
  }

  const operator: CacheOperator<K, V> = createCacheOperator<K, V>({
    name,
    prefix,
    database,
    writes,
    reads,
    entryOf,
    keep,
  })

  /** A write of a message that counts as handled. */
  function keep(entry: Entry): void {
    announceWrite()
    writes.buffer(entry)
    if (!(entry.key instanceof AreaKey)) view.publish(entry as Entry<K>)
  }

  /** Writes entries in one batch, or with their message. */
  async function write(entries: readonly Entry<K>[], attempt?: Attempt): Promise<void> {
    writable()
    operator.refuseOthers()
    if (attempt) {
      for (const entry of entries) writeWithMessage(entry, attempt)
      return undefined
    }
    feed?.refuseOthers()
    announceWrite()
    for (const entry of entries) {
      writes.queue(entry)
      view.publish(entry)
    }
    return database.commit(false)
  }

  /** Visible at once, published when the message is done, durable with its position; undone if the message is not kept. */
  function writeWithMessage(entry: Entry<K>, attempt: Attempt): void {
    if (attempt.isOver) return
    announceWrite()
    const undo = writes.bufferUndoably(entry)
    noteWrite(attempt, entry)
    attempt.onEnd((kept) => (kept ? view.publish(entry) : undo()))
    if (database.isFull) feed?.full()
  }

  /** Refuses a sink's write of a key that its message has read and another message has written since: a lost update. */
  function refuseLostUpdate(attempt: Attempt, { id, key }: Entry<K>): void {
    const noted = attempt.noted(writes, id)
    if (noted === null || noted === writes.find(id)) return
    throw new SnapstreamError(
      'CACHE_BUSY',
      `${name}: the key ${describeKey(key)} was written by another message after this message had read it, and this write would undo that one; ` +
        'read and write the key in one transaction(), or without an await in between',
      { key },
    )
  }

  function noteWrite(attempt: Attempt, entry: Entry<K>): void {
    if (attempt.noted(writes, entry.id) !== null) attempt.note(writes, entry.id, entry)
  }

  async function writeOne(key: K, value: V | typeof DELETE, options?: EntryOptions): Promise<void> {
    writable()
    return write([entryOf(key, value, options)])
  }

  async function batch(operations: readonly CacheOperation<K, V>[]): Promise<void> {
    writable()
    if (!Array.isArray(operations)) throw notOperation(name, `an array of operations`, operations)
    return write(
      operations.map((operation: CacheOperation<K, V>) => {
        if (operation?.type === 'put') return entryOf(operation.key, operation.value, optionsOf(operation))
        if (operation?.type === 'del') return entryOf(operation.key, DELETE)
        throw notOperation(name, `{ type: 'put', key, value } or { type: 'del', key }`, operation)
      }),
    )
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

  /** A sink's write. */
  function take(input: CacheInput<K, V>, origin: Origin | undefined): void {
    writable()
    checkInput(input, name)
    const [key, value, options] = input
    const entry = entryOf(key, value, options)
    if (operator.isUsed && operator.take(entry, origin)) return
    const attempt = feed?.ifAttempt()
    if (attempt) refuseLostUpdate(attempt, entry)
    announceWrite()
    writes.buffer(entry)
    if (attempt) noteWrite(attempt, entry)
    view.publish(entry)
  }

  function openSink(options: SinkOptions): SinkWriter<CacheInput<K, V>> {
    const operating = operator.isUsed ? operator.start(options) : undefined
    const state = operating && { state: operating.state }
    if (!feed)
      return {
        ...state,
        write(input, origin) {
          take(input, origin)
          // A failed batch is not this value's fault: the flush writes it again and reports the error.
          return database.isFull ? database.commit(true).catch(() => {}) : undefined
        },
        flush: () => database.commit(true),
        ...(operating && { close: operating.end }),
      }
    const fed = openFedSink(database, feed, options)
    return {
      ...fed,
      ...state,
      write(input, origin) {
        take(input, origin)
        if (database.isFull) feed.full()
      },
      async close() {
        operating?.end()
        await fed.close()
      },
    }
  }

  return {
    ...reads,
    set: writeOne,
    del: (key: K) => writeOne(key, DELETE),
    batch,
    clear,
    transaction: createTransact({
      name,
      locks: createKeyLocks(lockWaitMs),
      reads,
      entryOf,
      decodeEntry: format.decodeEntry,
      write,
      messages: feed && { feed, locks: createMessageLocks(createKeyLocks(lockWaitMs)) },
    }),
    snapshot() {
      const moment = now()
      const mayExpire = retention.mayExpire()
      return createSnapshot<K, V>(
        { ...reading, now: () => moment, mayExpire: () => mayExpire },
        copyOf(writes, operator.above),
      )
    },
    async compact(range: CacheRange<K> = {}): Promise<void> {
      writable()
      while (retention.isBehind()) {
        database.touch(member)
        await database.commit(false)
      }
      await compactRange(target, range)
    },
    stats: async (range: CacheRange<K> = {}): Promise<CacheStats> => statsOf(target, range, reads.keys(range)),
    openSink,
    operator: () => operator.access,
    openReader: view.openReader,
    keyOf: ([key]: readonly [key: K, value: V]) => idOf(key),
  }
}

type Above = ReadsOptions<unknown>['above']

/** The writes of a cache, below those of operators that are not among them yet. */
function aboveOf(writes: Above, operator: () => Pick<CacheOperator<never, never>, 'above' | 'isUsed'>): Above {
  return {
    get isEmpty() {
      return writes.isEmpty && (!operator().isUsed || operator().above.isEmpty)
    },
    find: (id) => (operator().isUsed ? operator().above.find(id) : undefined) ?? writes.find(id),
    entries: () => copyOf(writes, operator().above).values(),
  }
}

/** The newest write of each key, by id, as of now. */
function copyOf(writes: Pick<Above, 'entries'>, newer: Pick<Above, 'entries'>): Map<EntryId, Entry> {
  return new Map([...writes.entries(), ...newer.entries()].map((entry) => [entry.id, entry]))
}

/** The same writes; each message notes which entries it saw. */
function noteReads(writes: WriteBuffer, feed: Feed): Pick<WriteBuffer, 'isEmpty' | 'find' | 'entries'> {
  return {
    get isEmpty() {
      return writes.isEmpty && feed.ifAttempt() === undefined
    },
    find(id) {
      const entry = writes.find(id)
      feed.ifAttempt()?.note(writes, id, entry)
      return entry
    },
    entries: writes.entries,
  }
}

function notOperation(name: string, expected: string, came: unknown): SnapstreamError {
  return new SnapstreamError('USAGE', `${name}: batch() takes ${expected}, got ${describe(came)}`)
}

function optionsOf({ ttlMs }: EntryOptions): EntryOptions | undefined {
  return ttlMs === undefined ? undefined : { ttlMs }
}
