import { bytesOf, type Entry, type EntryId } from '../entry/entry.ts'
import type { BufferUse, PendingWrites } from './pending-writes.ts'

type Layer = Map<EntryId, Entry>

/**
 * The writes that the backend does not have yet, in three layers, newest first: those that sinks made for the next
 * checkpoint, those whose callers wait for the next batch, and the batch that is being written. The newest write of a key
 * hides the older ones.
 */
export interface WriteBuffer extends PendingWrites {
  /** Whether all writes are in the backend. */
  readonly isEmpty: boolean
  find(id: EntryId): Entry | undefined
  /** The newest write of each key. */
  entries(): Iterable<Entry>
  /** The newest write of each key, by id, as of now. */
  copy(): ReadonlyMap<EntryId, Entry>
  /** Adds a write for the next checkpoint. */
  buffer(entry: Entry): void
  /** Adds a write for the next checkpoint. Returns a function that undoes it unless a newer write has followed. */
  bufferUndoably(entry: Entry): () => void
  /** Adds a write for the next batch. */
  queue(entry: Entry): void
}

interface Layers {
  buffered: Layer
  queued: Layer
  writing: Layer
  /** The memory that `buffered` takes. */
  bufferedBytes: number
}

/** `exactlyOnce`: a failed batch is written again by the next checkpoint, never by a batch before it. */
export function createWriteBuffer(use: BufferUse, exactlyOnce = false): WriteBuffer {
  const layers: Layers = { buffered: new Map(), queued: new Map(), writing: new Map(), bufferedBytes: 0 }

  function count(bytes: number): void {
    layers.bufferedBytes += bytes
    use.bytes += bytes
  }
  function buffer(entry: Entry): void {
    const older = layers.buffered.get(entry.id)
    count(bytesOf(entry) - (older === undefined ? 0 : bytesOf(older)))
    layers.buffered.set(entry.id, entry)
  }
  function unbuffer(id: EntryId): void {
    const older = layers.buffered.get(id)
    if (older === undefined) return
    count(-bytesOf(older))
    layers.buffered.delete(id)
  }
  function discard(): void {
    layers.buffered = new Map()
    count(-layers.bufferedBytes)
  }

  return {
    get isEmpty() {
      return layers.buffered.size === 0 && layers.queued.size === 0 && layers.writing.size === 0
    },
    get isPending() {
      return layers.buffered.size > 0 || layers.queued.size > 0
    },
    get size() {
      return merge(layers).size
    },
    find: (id) => layers.buffered.get(id) ?? layers.queued.get(id) ?? layers.writing.get(id),
    entries: () => merge(layers).values(),
    copy: () => merge(layers),
    buffer,
    bufferUndoably(entry) {
      const older = layers.buffered.get(entry.id)
      buffer(entry)
      return () => {
        if (layers.buffered.get(entry.id) !== entry) return
        if (older === undefined) unbuffer(entry.id)
        else buffer(older)
      }
    },
    queue(entry) {
      unbuffer(entry.id)
      layers.queued.set(entry.id, entry)
    },
    take(all) {
      layers.writing = layers.queued
      layers.queued = new Map()
      if (!all) return layers.writing
      if (layers.writing.size === 0) layers.writing = layers.buffered
      else for (const [id, entry] of layers.buffered) layers.writing.set(id, entry)
      discard()
      return layers.writing
    },
    written() {
      layers.writing = new Map()
    },
    failed() {
      for (const [id, entry] of layers.writing) {
        if (layers.queued.has(id) || layers.buffered.has(id)) continue
        if (exactlyOnce) buffer(entry)
        else layers.queued.set(id, entry)
      }
      layers.writing = new Map()
    },
    discard,
    clear() {
      discard()
      layers.queued = new Map()
      layers.writing = new Map()
    },
  }
}

function merge({ buffered, queued, writing }: Layers): Layer {
  const all = new Map(writing)
  for (const layer of [queued, buffered]) for (const [id, entry] of layer) all.set(id, entry)
  return all
}
