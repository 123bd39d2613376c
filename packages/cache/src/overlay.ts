import type { CacheKey } from './cache-key.ts'
import type { Stored } from './value-format.ts'

/** One write. */
export interface Entry<K extends CacheKey = CacheKey> {
  readonly id: EntryId
  readonly key: K
  /** Undefined: the key is deleted. */
  readonly stored: Stored | undefined
  /** When it ends, in ms since the epoch; 0: never. */
  readonly expiresAt: number
}
export type EntryId = string | number | boolean

/** What an entry holds in memory beside its key and value: the objects and the place in the Map. */
const OVERHEAD_BYTES = 200

export function bytesOf({ key, stored }: Entry): number {
  const keyBytes = typeof key === 'string' || key instanceof Uint8Array ? key.length : 0
  return keyBytes + (stored?.length ?? 0) + OVERHEAD_BYTES
}

type Layer = Map<EntryId, Entry>

/**
 * The writes that the backend does not have yet, in three layers, newest first: what sinks buffered for the next
 * checkpoint, what callers wait for, and the batch that is being written. A key's newest write hides the older ones.
 */
export interface Overlay {
  readonly isEmpty: boolean
  readonly size: number
  find(id: EntryId): Entry | undefined
  /** Every key's newest write. */
  entries(): Iterable<Entry>
  /** The same, by id, as of now. */
  copy(): ReadonlyMap<EntryId, Entry>
  /** For the next checkpoint. */
  buffer(entry: Entry): void
  /** The same; the function that it answers with takes it back, unless something newer is there. */
  exchange(entry: Entry): () => void
  /** For the next batch. */
  queue(entry: Entry): void
  /** Makes the next batch: what callers wait for and, if `all`, what sinks buffered. Only one may be out. */
  take(all: boolean): ReadonlyMap<EntryId, Entry>
  /** The batch is in the backend. */
  written(): void
  /** The batch is not in the backend: its entries wait for the next one, where nothing newer hides them. */
  failed(): void
  /** Forgets what sinks buffered, as if it had never been written. */
  discard(): void
  clear(): void
}

/** What sinks buffered since it was last taken, in all caches that share a batch. */
export interface Budget {
  bytes: number
}

/**
 * `exactlyOnce`: what was in a batch that failed is for the next checkpoint, and for nothing before it. `touch` is called
 * whenever there is something for the next batch, where there may have been nothing before.
 */
export function createOverlay(budget: Budget, exactlyOnce = false, touch: () => void = () => {}): Overlay {
  let buffered: Layer = new Map()
  let queued: Layer = new Map()
  let writing: Layer = new Map()
  let bufferedBytes = 0

  const count = (bytes: number) => {
    bufferedBytes += bytes
    budget.bytes += bytes
  }
  const unbuffer = (id: EntryId) => {
    const older = buffered.get(id)
    if (older === undefined) return
    count(-bytesOf(older))
    buffered.delete(id)
  }
  const touchIfFirst = () => {
    if (buffered.size === 0 && queued.size === 0) touch()
  }
  const buffer = (entry: Entry) => {
    touchIfFirst()
    const older = buffered.get(entry.id)
    count(bytesOf(entry) - (older === undefined ? 0 : bytesOf(older)))
    buffered.set(entry.id, entry)
  }
  return {
    get isEmpty() {
      return buffered.size === 0 && queued.size === 0 && writing.size === 0
    },
    get size() {
      return merged().size
    },
    find: (id) => buffered.get(id) ?? queued.get(id) ?? writing.get(id),
    entries: () => merged().values(),
    copy: merged,
    buffer,
    exchange(entry) {
      const older = buffered.get(entry.id)
      buffer(entry)
      return () => {
        if (buffered.get(entry.id) !== entry) return
        if (older === undefined) unbuffer(entry.id)
        else buffer(older)
      }
    },
    queue(entry) {
      touchIfFirst()
      unbuffer(entry.id)
      queued.set(entry.id, entry)
    },
    take(all) {
      writing = queued
      queued = new Map()
      if (!all) {
        if (buffered.size > 0) touch()
        return writing
      }
      if (writing.size === 0) writing = buffered
      else for (const [id, entry] of buffered) writing.set(id, entry)
      buffered = new Map()
      count(-bufferedBytes)
      return writing
    },
    written() {
      writing = new Map()
    },
    failed() {
      if (writing.size > 0) touch()
      for (const [id, entry] of writing) {
        if (queued.has(id) || buffered.has(id)) continue
        if (exactlyOnce) buffer(entry)
        else queued.set(id, entry)
      }
      writing = new Map()
    },
    discard() {
      buffered = new Map()
      count(-bufferedBytes)
    },
    clear() {
      buffered = new Map()
      queued = new Map()
      writing = new Map()
      count(-bufferedBytes)
    },
  }

  function merged(): Layer {
    const all = new Map(writing)
    for (const layer of [queued, buffered]) for (const [id, entry] of layer) all.set(id, entry)
    return all
  }
}
