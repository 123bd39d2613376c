import type { Buffer } from 'node:buffer'
import {
  createEntries,
  createKeySpace,
  createMessageBuffer,
  createPartOperator,
  createReads,
  createRetention,
  createValueFormat,
  idOf,
  subPrefix,
  type Attempt,
  type Backend,
  type BufferUse,
  type CreateEntry,
  type Entry,
  type KeySpace,
  type Member,
  type MessageBuffer,
  type PartOperator,
  type ReadsOptions,
  type Retention,
  type Taken,
} from '@snapstream/cache/storage'
import type { CacheKey, CacheReads } from '@snapstream/cache'
import { SnapstreamError } from '@snapstream/core'
import { isDamage, watchReads } from './damage.ts'
import type { ResolvedOptions } from './options.ts'
import { putPosition, type PartPosition } from './part-position.ts'
import { createRecentEntries, type RecentUse } from './recent-entries.ts'
import type { StateDatabase } from './state-database.ts'

/** The part of a store that belongs to one partition: its entries on disk, and the writes that are not there yet. */
export interface Part<K extends CacheKey, V> {
  readonly partition: number
  /** For error messages. */
  readonly name: string
  readonly space: KeySpace
  readonly buffer: MessageBuffer
  readonly retention: Retention
  /** Reads of entries and writes. They throw `NOT_OPEN` while the part is not open. */
  readonly reads: CacheReads<K, V>
  /** The same without the writes of messages whose positions are not committed yet. */
  readonly committed: CacheReads<K, V>
  /** Reads of the entries on disk. They work also while the part is not open. */
  readonly stored: CacheReads<K, V>
  readonly entryOf: CreateEntry<K, V>
  /** Its areas, timers and event time. */
  readonly operator: PartOperator<K, V>
  /** Whether it is restored, so that messages may read and write it. */
  readonly isOpen: boolean
  /** The position on disk; undefined if there is none. */
  readonly position: PartPosition | undefined
  /** Opens it, after it was restored up to a position. */
  open(position: PartPosition | undefined): Promise<void>
  /** Undoes an attempt at a message. */
  undo(attempt: Attempt): void
  /** A checkpoint begins. Returns the entry of the event time, if it has moved. */
  prepareTime(): Entry | undefined
  /** Drops the writes that are not committed. */
  abort(): void
  /** Puts the prepared writes into the next batch, with the position behind their changelog records. */
  queue(position: PartPosition | undefined): void
  /** Closes it, and drops the writes that no batch has. */
  close(): void
}

interface PartOptions<V> {
  /** The name of the store. */
  readonly store: string
  readonly partition: number
  readonly options: ResolvedOptions<V>
  readonly database: StateDatabase
  readonly use: BufferUse
  readonly recentUse: RecentUse
  /** Removes entries from the changelog that a batch has removed for their age or size. */
  forget(partition: number, key: Uint8Array): void
  /** The attempts at messages of a part. */
  inFlight(partition: number): readonly Attempt[]
}

const NO_WRITES = { isEmpty: true, find: () => undefined, entries: () => [] }

interface PartState {
  isOpen: boolean
  /** Whether it may be read: before it is open, its time and timers are. */
  isReadable: boolean
  position: PartPosition | undefined
  /** The position of the next batch, and that of the batch that is being written. */
  next: PartPosition | undefined
  writing: PartPosition | undefined
  /** The entries of this batch. */
  taken: Taken
  /** The keys of entries that this batch removes for their age or size. */
  removed: readonly Buffer[]
}

const NOTHING: Taken = new Map()

export function createPart<K extends CacheKey, V>(given: PartOptions<V>): Part<K, V> {
  const { store, partition, options, database, use, recentUse, forget, inFlight } = given
  const { codec, ttlMs, maxEntries, maxBytes } = options
  const name = partName(store, partition)
  const prefix = partPrefix(store, partition)
  const space = createKeySpace(prefix)
  const prefixBytes = space.start.length - 1
  const format = createValueFormat(codec, name)
  const buffer = createMessageBuffer(use)
  const recent = createRecentEntries(recentUse)
  const retention = createRetention({ database, space, maxEntries, maxBytes })
  const state: PartState = {
    isOpen: false,
    isReadable: false,
    position: undefined,
    next: undefined,
    writing: undefined,
    taken: NOTHING,
    removed: [],
  }

  function opened(): Backend {
    if (state.isReadable) return database.opened()
    throw new SnapstreamError(
      'NOT_OPEN',
      `${name} is not open in this process, which does not have the partition, or not any more`,
    )
  }

  function readsOver(above: ReadsOptions<V>['above'], db = opened): CacheReads<K, V> {
    const { mayExpire } = retention
    const reads = createReads<K, V>({ name, format, space, above, opened: db, now: database.now, mayExpire })
    return watchReads(reads, database.damaged)
  }

  const above: ReadsOptions<V>['above'] = {
    get isEmpty() {
      return buffer.isEmpty && recent.isEmpty
    },
    find: (id) => buffer.find(id) ?? recent.find(id),
    entries: buffer.entries,
  }

  const reads = readsOver(above)
  const entryOf = createEntries<K, V>({ name, database, space, format, ttlMs, isBounded: retention.isBounded })
  const operator = createPartOperator<K, V>({
    partition,
    title: name,
    areaPrefix: '',
    place: { prefix, database, above, opened },
    reads,
    entryOf,
    write: buffer.add,
    undo,
  })

  function undo(attempt: Attempt): void {
    const { writes } = attempt
    buffer.undo(attempt)
    attempt.drop()
    operator.undone(writes, inFlight(partition))
  }

  /** A key that has a newer write by now is in the changelog with that. */
  function forgetRemoved(): void {
    for (const key of state.removed)
      if (buffer.find(idOf(space.decode(key))) === undefined) forget(partition, key.subarray(prefixBytes))
  }

  const member: Member = {
    ...retention,
    writes: buffer,
    async write(batch, db, taken) {
      state.removed = await retention.write(batch, db, taken)
      state.taken = taken
      state.writing = state.next
      if (state.writing !== undefined) putPosition(batch, space, state.writing)
    },
    written() {
      retention.written()
      state.position = state.writing ?? state.position
      // A size bound may have evicted any of them.
      if (state.isOpen && !retention.isBounded()) recent.add(state.taken)
      state.taken = NOTHING
      if (state.isOpen) forgetRemoved()
    },
    end() {},
  }

  function close(): void {
    state.isOpen = false
    state.isReadable = false
    database.leave(member)
    buffer.clear()
    recent.clear()
  }

  return {
    partition,
    name,
    space,
    buffer,
    retention,
    reads,
    committed: readsOver(buffer.committed),
    stored: readsOver(NO_WRITES, database.opened),
    entryOf,
    operator,
    get isOpen() {
      return state.isOpen
    },
    get position() {
      return state.position
    },
    async open(position) {
      state.position = position
      state.next = undefined
      database.join(member)
      await database.load(member)
      state.isReadable = true
      try {
        await operator.load()
        state.isOpen = true
      } catch (error) {
        if (isDamage(error)) database.damaged(error)
        close()
        throw error
      }
    },
    undo,
    prepareTime() {
      const entry = operator.prepare()
      if (entry !== undefined) buffer.put(entry)
      return entry
    },
    abort() {
      buffer.discard()
      operator.abort()
    },
    queue(position) {
      buffer.queue()
      operator.commit()
      if (!buffer.isPending) return
      state.next = position
      database.touch(member)
    },
    close,
  }
}

/** A part for error messages. */
export const partName = (store: string, partition: number) => `part ${partition} of ${storeName(store)}`

/** A store for error messages. */
export const storeName = (store: string) => `the store ${JSON.stringify(store)}`

/** The prefix of the keys of a store in its database. */
export const storePrefix = (store: string) => subPrefix('', store)

/** The prefix of the keys of a part. */
export const partPrefix = (store: string, partition: number) => subPrefix(storePrefix(store), String(partition))
