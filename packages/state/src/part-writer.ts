import { setImmediate } from 'node:timers/promises'
import { backendError, type Backend, type Batch, type KeySpace, type Retention } from '@snapstream/cache/storage'
import type { ChangelogBatch } from '@snapstream/core/adapter'
import { putPosition, type PartPosition } from './part-position.ts'
import { createStoredRecords } from './stored-records.ts'
import { versionedRecords } from './stored-versions.ts'
import type { StateDatabase } from './state-database.ts'

/** A batch is written when it has so many bytes or records, while those of all parts of the database have room in memory. */
const BATCH_BYTES = 16 * 1024 * 1024
// In no order of keys a batch touches nearly every page of LMDB, and each is written anew. With batches of 10,000 it wrote four
// times as much.
const BATCH_RECORDS = 40_000
/** A batch of this size is written if there is no more room. */
const SMALL_BATCH_BYTES = 4 * 1024 * 1024
const SMALL_BATCH_RECORDS = 10_000
/** The room for batches that are being filled. */
const ROOM_BYTES = 32 * 1024 * 1024
/** The number of records, a few ms of work, after which other tasks of the event loop run. */
const RECORDS_PER_TURN = 4096

/** By database, the bytes of the batches that are being filled. */
const filling = new WeakMap<Backend, { bytes: number }>()

/** The part that is written. */
export interface WrittenPart {
  /** For error messages. */
  readonly name: string
  readonly space: KeySpace
  /** It has to be loaded. */
  readonly retention: Retention
  /** How long the versions of a table are kept, in ms; undefined: they are not. */
  readonly versionedMs?: number | undefined
}

/** Writes records of a changelog into a part on disk, in batches of its own. */
export interface PartWriter {
  /** The position behind all records that were added. */
  readonly position: PartPosition | undefined
  /** Adds records, and writes those that fill a batch of the database. */
  add(records: ChangelogBatch): Promise<void>
  /** Writes the rest. `sync`: everything has to survive a crash of the machine. */
  flush(sync: boolean): Promise<void>
}

/**
 * While a batch is written, the next one is filled. Batches that are not synced have their position as well: only after a crash
 * of the machine their records are read again. `log`: the identifier of the changelog. Rejects with `CACHE_FAILED` and
 * `CACHE_CORRUPT`.
 */
export function createPartWriter(
  database: StateDatabase,
  part: WrittenPart,
  log: string,
  start: PartPosition | undefined,
): PartWriter {
  const db = database.opened()
  const { versionedMs } = part
  const records =
    versionedMs === undefined
      ? createStoredRecords(part, db, database.now)
      : versionedRecords(part.space, db, versionedMs)
  const inUse = filling.get(db) ?? { bytes: 0 }
  filling.set(db, inUse)
  let position = start
  let batch: Batch | undefined
  let count = 0
  let bytes = 0
  let writing = Promise.resolve()

  function grow(more: number): void {
    count++
    bytes += more
    inUse.bytes += more
  }
  function empty(): void {
    batch = undefined
    inUse.bytes -= bytes
    bytes = 0
    count = 0
  }
  function isFull(): boolean {
    if (count >= BATCH_RECORDS || bytes >= BATCH_BYTES) return true
    return inUse.bytes > ROOM_BYTES && (count >= SMALL_BATCH_RECORDS || bytes >= SMALL_BATCH_BYTES)
  }

  async function write(sync: boolean): Promise<void> {
    const full = batch ?? db.batch()
    empty()
    // The next batch may depend on what this one wrote.
    if (records.isOrdered) await writing
    await records.complete(full)
    if (sync && position !== undefined) position = { ...position, synced: position.offset }
    if (position !== undefined) putPosition(full, part.space, position)
    await writing
    writing = full.write({ sync } as object).then(records.written)
    // The next write or flush rejects with its error.
    writing.catch(() => {})
  }

  async function add(read: ChangelogBatch): Promise<void> {
    for (let i = 0; i < read.length; i++) {
      const key = read.key(i)
      // No store writes a record without a key.
      if (key === null) continue
      const at = versionedMs === undefined ? 0 : (read.timestamp?.(i) ?? 0)
      grow(records.add((batch ??= db.batch()), key, read.value(i), at))
      // A batch that is written here has the position before these records: they would be read again.
      if (isFull()) await write(false)
      else if (count % RECORDS_PER_TURN === 0) await setImmediate()
    }
    position = { log, offset: read.nextOffset, synced: position?.synced }
  }

  async function flush(sync: boolean): Promise<void> {
    const isSynced = !sync || position === undefined || position.synced === position.offset
    if (batch !== undefined || !isSynced) await write(sync)
    await writing
  }

  /** Closes the batch of a failed step. */
  async function step(work: Promise<void>): Promise<void> {
    try {
      await work
    } catch (error) {
      await batch?.close().catch(() => {})
      empty()
      throw backendError(error, part.name, 'restoring it from its changelog')
    }
  }

  return {
    get position() {
      return position
    },
    add: (read) => step(add(read)),
    flush: (sync) => step(flush(sync)),
  }
}
