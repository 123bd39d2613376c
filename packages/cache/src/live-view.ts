import { type Batch, type ReaderOptions, type SourceReader, toError } from '@snapstream/core'
import type { CacheKey } from './cache-key.ts'
import { hasEnded } from './entry-options.ts'
import { bytesOf, type Entry, type EntryId } from './overlay.ts'

const LANE = 'updates'
const BATCH_ENTRIES = 1000
const BATCHES_OUT = 2

/** The readers of one cache. */
export interface LiveView<K extends CacheKey, V> {
  /** Tells every reader of a write, at the moment it becomes visible. */
  publish(entry: Entry<K>): void
  openReader(options: ReaderOptions): SourceReader<readonly [key: K, value: V]>
  /** No more writes can come: readers end. */
  end(): void
}

interface Reader<K extends CacheKey> {
  update(entry: Entry<K>): void
  end(): void
}

export function createLiveView<K extends CacheKey, V>(
  decode: (entry: Entry<K>) => V,
  now: () => number,
): LiveView<K, V> {
  const readers = new Set<Reader<K>>()

  function openReader({ signal, assigned }: ReaderOptions): SourceReader<readonly [key: K, value: V]> {
    // A Map keeps the place of a key whose value is replaced.
    const pending = new Map<EntryId, Entry<K>>()
    let isAssigned = false
    let ended = signal.aborted
    let batchesOut = 0
    let count = 0
    let wake: (() => void) | undefined

    const reader: Reader<K> = {
      update(entry) {
        if (entry.stored === undefined) pending.delete(entry.id)
        else pending.set(entry.id, entry)
        stir()
      },
      end,
    }
    function stir(): void {
      wake?.()
      wake = undefined
    }
    function end(): void {
      ended = true
      readers.delete(reader)
      signal.removeEventListener('abort', end)
      stir()
    }
    function take(): Batch<readonly [key: K, value: V]> | undefined {
      if (pending.size === 0 || batchesOut >= BATCHES_OUT) return undefined
      const entries: Entry<K>[] = []
      for (const [id, entry] of pending) {
        if (entries.length === BATCH_ENTRIES) break
        if (!hasEnded(entry.expiresAt, now)) entries.push(entry)
        pending.delete(id)
      }
      if (entries.length === 0) return undefined
      const base = count
      count += entries.length
      batchesOut++
      return toBatch(entries, base, decode, () => {
        batchesOut--
        stir()
      })
    }
    async function next(): Promise<Batch<readonly [key: K, value: V]> | undefined> {
      if (!isAssigned) {
        isAssigned = true
        // Positions to start from mean nothing here: what was written before the reader opened is not replayed.
        await assigned([LANE])
      }
      while (!ended) {
        const batch = take()
        if (batch) return batch
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return undefined
    }

    if (!ended) {
      readers.add(reader)
      signal.addEventListener('abort', end, { once: true })
    }
    return {
      read: () => (isAssigned && !ended && take()) || next(),
      commit: () => {},
      close: end,
    }
  }

  return {
    publish(entry) {
      for (const reader of readers) reader.update(entry)
    },
    openReader,
    end() {
      for (const reader of readers) reader.end()
    },
  }
}

function toBatch<K extends CacheKey, V>(
  entries: readonly Entry<K>[],
  base: number,
  decode: (entry: Entry<K>) => V,
  onDone: () => void,
): Batch<readonly [key: K, value: V]> {
  const errors = new Map<number, Error>()
  let bytes = 0
  let isDone = false
  const messages = entries.map((entry, i): readonly [key: K, value: V] => {
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
      onDone()
    },
  }
}
