import { setImmediate } from 'node:timers/promises'
import { SnapstreamError, describe, type SinkWriter } from '@snapstream/core'
import { idOf, type CacheKey } from './cache-key.ts'
import type { CacheOperation } from './cache-operation.ts'
import type { SubCacheOptions } from './cache-options.ts'
import type { CacheRange } from './cache-range.ts'
import type { Database } from './database.ts'
import { DELETE } from './delete.ts'
import { createKeyLocks } from './key-locks.ts'
import { createKeySpace } from './key-space.ts'
import { createLiveView } from './live-view.ts'
import { nameErrors } from './named-format.ts'
import { createOverlay, type Entry } from './overlay.ts'
import { createReads } from './reads.ts'
import { createSnapshot } from './snapshot.ts'
import { createTransact } from './transaction.ts'
import { createUpkeep } from './upkeep.ts'
import { codecFormat, jsonFormat } from './value-format.ts'

/** Puts between two turns of the event loop: a few milliseconds. */
const PUTS_PER_TURN = 4096
/** How many entries `clear` removes in one batch. */
const CLEARS_PER_BATCH = 10_000

const LOCK_WAIT_MS = 30_000

/** One cache of a database: its state and what can be done with it. */
// oxlint-disable-next-line typescript/explicit-function-return-type -- Cache spells it out
export function createStore<K extends CacheKey, V>(
  database: Database,
  name: string,
  prefix: string,
  { codec, lockWaitMs = LOCK_WAIT_MS }: SubCacheOptions<V>,
) {
  const space = createKeySpace(prefix)
  const format = nameErrors(codec ? codecFormat(codec) : jsonFormat<V>(), name)
  const { opened, writable } = database
  const overlay = createOverlay(database.buffered)
  const valueOf = (entry: Entry) =>
    entry.stored === undefined ? undefined : format.decodeCopy(entry.stored, entry.key)
  const reading = { name, format, space, valueOf, opened }
  const reads = createReads<K, V>({ ...reading, above: overlay })
  const view = createLiveView<K, V>((entry) => valueOf(entry)!)
  const locks = createKeyLocks(lockWaitMs)
  const putOptions = { keyEncoding: 'buffer', valueEncoding: format.encoding } as const

  database.join({
    overlay,
    async write(batch, entries) {
      let puts = 0
      for (const { encodedKey, stored } of entries.values()) {
        if (stored === undefined) batch.del(encodedKey, putOptions)
        else batch.put(encodedKey, stored, putOptions)
        if (++puts % PUTS_PER_TURN === 0) await setImmediate()
      }
    },
    end: () => view.end(),
  })

  function entryOf(key: K, value: V | typeof DELETE): Entry<K> {
    const encodedKey = space.encode(key)
    const stored = value === DELETE ? undefined : format.encode(value, key)
    const kept =
      key instanceof Uint8Array ? (new Uint8Array(key) as CacheKey as K) : Object.is(key, -0) ? (0 as K) : key
    return { id: idOf(kept), key: kept, encodedKey, stored }
  }

  /** All in one batch: what is queued between two batches is never parted. */
  async function write(entries: readonly Entry<K>[]): Promise<void> {
    writable()
    for (const entry of entries) {
      overlay.queue(entry)
      view.publish(entry)
    }
    return database.commit(false)
  }

  async function writeOne(key: K, value: V | typeof DELETE): Promise<void> {
    writable()
    return write([entryOf(key, value)])
  }

  async function batch(operations: readonly CacheOperation<K, V>[]): Promise<void> {
    writable()
    if (!Array.isArray(operations)) throw notOperation(`an array of operations`, operations)
    return write(
      operations.map((operation: CacheOperation<K, V>) => {
        if (operation?.type === 'put') return entryOf(operation.key, operation.value)
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
    snapshot: () => createSnapshot<K, V>(reading, overlay.copy()),
    ...createUpkeep({ name, space, opened, writable, keys: reads.keys, diskBytes: database.diskBytes }),
    transaction: createTransact({ name, locks, reads, entryOf, valueOf, write }),
    set: writeOne,
    del: (key: K) => writeOne(key, DELETE),
    keyOf: ([key]: readonly [key: K, value: V]) => idOf(key),
    openReader: view.openReader,
    openWriter: (): SinkWriter<readonly [key: K, value: V | typeof DELETE]> => ({
      write(pair) {
        writable()
        if (!Array.isArray(pair) || pair.length !== 2)
          throw new SnapstreamError(
            'SINK_REFUSED',
            `${name} takes [key, value] pairs, got ${describe(pair)}; return [key, value], or [key, DELETE] to remove it`,
          )
        const entry = entryOf(pair[0], pair[1])
        overlay.buffer(entry)
        view.publish(entry)
        // A failing batch is no fault of this value: the flush tries again and reports it.
        return database.isFull ? database.commit(true).catch(() => {}) : undefined
      },
      flush: () => database.commit(true),
    }),
  }
}
