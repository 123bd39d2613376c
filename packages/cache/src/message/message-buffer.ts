import type { BufferUse, PendingWrites } from '../database/pending-writes.ts'
import { bytesOf, type Entry, type EntryId } from '../entry/entry.ts'
import type { Attempt } from './attempts.ts'

/**
 * The writes of messages that the backend does not have yet, newest first: those of messages in flight, those of messages that
 * count as handled, those of the checkpoint under way, those that the changelog has acknowledged, and those of the batch that
 * is being written. The newest write of a key hides the older ones.
 */
export interface MessageBuffer extends PendingWrites, BufferedWrites {
  /** The writes that the changelog has acknowledged. */
  readonly committed: BufferedWrites
  /** Adds a write of a message in flight. */
  add(attempt: Attempt, entry: Entry): void
  /** Drops the writes of an attempt. */
  undo(attempt: Attempt): void
  /** The message counts as handled: its writes belong to the next checkpoint. Returns them. */
  release(attempt: Attempt): readonly Entry[]
  /** Adds a write that belongs to the next checkpoint. */
  put(entry: Entry): void
  /** A checkpoint begins: it has the writes that were released by now. Returns whether there are any. */
  prepare(): boolean
  /** The prepared writes. */
  prepared(): Iterable<Entry>
  /** The changelog has acknowledged the prepared writes: they go into the next batch. */
  queue(): void
}

/** Writes that the backend does not have yet, for reads. */
interface BufferedWrites {
  /** Whether there are none. */
  readonly isEmpty: boolean
  find(id: EntryId): Entry | undefined
  /** The newest write of each key. */
  entries(): Iterable<Entry>
}

interface Layer {
  readonly entries: Map<EntryId, Entry>
  /** The memory that it takes; also that of entries that newer ones have replaced. */
  bytes: number
}

interface Layers {
  inFlight: Attempt[]
  released: Layer
  prepared: Layer
  queued: Layer
  writing: Layer
}

const empty = (): Layer => ({ entries: new Map(), bytes: 0 })

export function createMessageBuffer(use: BufferUse): MessageBuffer {
  const layers: Layers = { inFlight: [], released: empty(), prepared: empty(), queued: empty(), writing: empty() }

  function leave(attempt: Attempt): void {
    if (layers.inFlight.length === 1 && layers.inFlight[0] === attempt) layers.inFlight.pop()
    else layers.inFlight = layers.inFlight.filter((other) => other !== attempt)
  }
  function release(entry: Entry): void {
    const { entries } = layers.released
    const older = entries.get(entry.id)
    const bytes = bytesOf(entry) - (older === undefined ? 0 : bytesOf(older))
    layers.released.bytes += bytes
    use.bytes += bytes
    entries.set(entry.id, entry)
  }
  function discard(): void {
    for (const attempt of layers.inFlight) attempt.drop()
    layers.inFlight = []
    use.bytes -= layers.released.bytes + layers.prepared.bytes
    layers.released = empty()
    layers.prepared = empty()
  }

  return {
    committed: {
      get isEmpty() {
        return layers.queued.entries.size === 0 && layers.writing.entries.size === 0
      },
      find: (id) => layers.queued.entries.get(id) ?? layers.writing.entries.get(id),
      entries: () => new Map([...layers.writing.entries, ...layers.queued.entries]).values(),
    },
    get isEmpty() {
      const { inFlight, released, prepared, queued, writing } = layers
      if (inFlight.length > 0 || released.entries.size > 0) return false
      return prepared.entries.size === 0 && queued.entries.size === 0 && writing.entries.size === 0
    },
    get isPending() {
      return layers.queued.entries.size > 0
    },
    get size() {
      return merge(layers).size
    },
    find(id) {
      const { inFlight, released, prepared, queued, writing } = layers
      for (let i = inFlight.length - 1; i >= 0; i--) {
        const entry = inFlight[i]!.find(id)
        if (entry !== undefined) return entry
      }
      return released.entries.get(id) ?? prepared.entries.get(id) ?? queued.entries.get(id) ?? writing.entries.get(id)
    },
    entries: () => merge(layers).values(),
    add(attempt, entry) {
      if (attempt.isEmpty) layers.inFlight.push(attempt)
      attempt.add(entry)
    },
    undo(attempt) {
      if (attempt.isEmpty) return
      leave(attempt)
      attempt.drop()
    },
    release(attempt) {
      const { writes } = attempt
      if (writes.length === 0) return writes
      leave(attempt)
      for (const entry of writes) release(entry)
      attempt.drop()
      return writes
    },
    put: release,
    prepared: () => layers.prepared.entries.values(),
    prepare() {
      layers.prepared = over(layers.prepared, layers.released)
      layers.released = empty()
      return layers.prepared.entries.size > 0
    },
    queue() {
      layers.queued = over(layers.queued, layers.prepared)
      layers.prepared = empty()
    },
    take() {
      layers.writing = layers.queued
      layers.queued = empty()
      use.bytes -= layers.writing.bytes
      return layers.writing.entries
    },
    written() {
      layers.writing = empty()
    },
    failed() {
      use.bytes += layers.writing.bytes
      layers.queued = over(layers.writing, layers.queued)
      layers.writing = empty()
    },
    discard,
    clear() {
      use.bytes -= layers.queued.bytes
      layers.queued = empty()
      layers.writing = empty()
      discard()
    },
  }
}

/** Both layers in one; the newer one hides the older one. */
function over(older: Layer, newer: Layer): Layer {
  if (older.entries.size === 0) return newer
  for (const [id, entry] of newer.entries) older.entries.set(id, entry)
  older.bytes += newer.bytes
  return older
}

function merge({ inFlight, released, prepared, queued, writing }: Layers): Map<EntryId, Entry> {
  const all = new Map(writing.entries)
  for (const { entries } of [queued, prepared, released]) for (const [id, entry] of entries) all.set(id, entry)
  for (const { writes } of inFlight) for (const entry of writes) all.set(entry.id, entry)
  return all
}
