import { type Batch, type ReaderOptions, type SourceReader, toError } from '@snapstream/core'
import { createCondition, type Condition } from '@snapstream/core/adapter'
import type { CacheKey } from '../entry/cache-key.ts'
import { bytesOf, hasExpired, type Entry, type EntryId } from '../entry/entry.ts'

/** A cache is a source with a single lane: the updates of all keys. */
const LANE = 'updates'
const BATCH_ENTRIES = 1000
/** Batches that a reader may have handed out and not finished. */
const BATCHES_OUT = 2

type Update<K extends CacheKey, V> = readonly [key: K, value: V]

/** The cache as a source: each reader gets the updates since it was opened, the latest one of each key. */
export interface LiveView<K extends CacheKey, V> {
  /** Passes a write to all readers, at the moment it becomes visible. */
  publish(entry: Entry<K>): void
  openReader(options: ReaderOptions): SourceReader<Update<K, V>>
  /** The cache was closed: all readers end. */
  end(): void
}

interface Reader<K extends CacheKey> {
  readonly signal: AbortSignal
  onAbort(): void
  /** The updates that are not read yet. A Map keeps the position of a key whose value is replaced. */
  readonly pending: Map<EntryId, Entry<K>>
  isAssigned: boolean
  hasEnded: boolean
  /** Batches that are not finished. */
  batchesOut: number
  /** Updates that were read: the position of the next one. */
  count: number
  /** Wakes a read that waits for an update. */
  readonly changed: Condition
}

export function createLiveView<K extends CacheKey, V>(
  decode: (entry: Entry<K>) => V,
  now: () => number,
): LiveView<K, V> {
  const readers = new Set<Reader<K>>()

  function end(reader: Reader<K>): void {
    reader.hasEnded = true
    readers.delete(reader)
    reader.signal.removeEventListener('abort', reader.onAbort)
    reader.changed.notify()
  }

  function take(reader: Reader<K>): Batch<Update<K, V>> | undefined {
    const { pending } = reader
    if (pending.size === 0 || reader.batchesOut >= BATCHES_OUT) return undefined
    const entries: Entry<K>[] = []
    for (const [id, entry] of pending) {
      if (entries.length === BATCH_ENTRIES) break
      if (!hasExpired(entry.expiresAt, now)) entries.push(entry)
      pending.delete(id)
    }
    if (entries.length === 0) return undefined
    const base = reader.count
    reader.count += entries.length
    reader.batchesOut++
    return toBatch(reader, entries, base, decode)
  }

  async function next(
    reader: Reader<K>,
    assigned: ReaderOptions['assigned'],
  ): Promise<Batch<Update<K, V>> | undefined> {
    if (!reader.isAssigned) {
      reader.isAssigned = true
      // Its answer is ignored: a live view has no past to start from.
      await assigned([LANE])
    }
    while (!reader.hasEnded) {
      const batch = take(reader)
      if (batch) return batch
      await reader.changed.next()
    }
    return undefined
  }

  return {
    publish(entry) {
      for (const reader of readers) update(reader, entry)
    },
    openReader({ signal, assigned }) {
      const close = () => end(reader)
      const reader: Reader<K> = {
        signal,
        onAbort: close,
        pending: new Map(),
        isAssigned: false,
        hasEnded: signal.aborted,
        batchesOut: 0,
        count: 0,
        changed: createCondition(),
      }
      if (!reader.hasEnded) {
        readers.add(reader)
        signal.addEventListener('abort', reader.onAbort, { once: true })
      }
      return {
        read: () => (reader.isAssigned && !reader.hasEnded && take(reader)) || next(reader, assigned),
        commit: () => {},
        caughtUp: (_, handled = 0) => reader.pending.size === 0 && handled === reader.count,
        close,
      }
    },
    end() {
      for (const reader of readers) end(reader)
    },
  }
}

function update<K extends CacheKey>(reader: Reader<K>, entry: Entry<K>): void {
  if (entry.stored === undefined) reader.pending.delete(entry.id)
  else reader.pending.set(entry.id, entry)
  reader.changed.notify()
}

function toBatch<K extends CacheKey, V>(
  reader: Reader<K>,
  entries: readonly Entry<K>[],
  base: number,
  decode: (entry: Entry<K>) => V,
): Batch<Update<K, V>> {
  const errors = new Map<number, Error>()
  let bytes = 0
  let isDone = false
  const messages = entries.map((entry, i): Update<K, V> => {
    bytes += bytesOf(entry)
    try {
      return [entry.key, decode(entry)]
    } catch (error) {
      errors.set(i, toError(error))
      return [entry.key, undefined as V]
    }
  })
  return {
    lane: LANE,
    messages,
    bytes,
    error: (i) => errors.get(i),
    position: (n) => base + n,
    done(n) {
      if (isDone || n < messages.length) return
      isDone = true
      reader.batchesOut--
      reader.changed.notify()
    },
  }
}
