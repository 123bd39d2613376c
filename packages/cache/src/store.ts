import { setImmediate } from 'node:timers/promises'
import { SnapstreamError, describe, type SinkWriter } from '@snapstream/core'
import { idOf, type CacheKey } from './cache-key.ts'
import type { CacheOperation } from './cache-operation.ts'
import type { SubCacheOptions } from './cache-options.ts'
import type { CacheRange } from './cache-range.ts'
import type { Database } from './database.ts'
import { DELETE } from './delete.ts'
import { createKeySpace } from './key-space.ts'
import { createLiveView } from './live-view.ts'
import { nameErrors } from './named-format.ts'
import { createOverlay, type Entry } from './overlay.ts'
import { createReads } from './reads.ts'
import { codecFormat, jsonFormat } from './value-format.ts'

/** Puts between two turns of the event loop: a few milliseconds. */
const PUTS_PER_TURN = 4096
/** How many entries `clear` removes in one batch. */
const CLEARS_PER_BATCH = 10_000

/** One cache of a database: its state and what can be done with it. */
// oxlint-disable-next-line typescript/explicit-function-return-type -- Cache spells it out
export function createStore<K extends CacheKey, V>(
  database: Database,
  name: string,
  prefix: string,
  { codec }: SubCacheOptions<V>,
) {
  const space = createKeySpace(prefix)
  const format = nameErrors(codec ? codecFormat(codec) : jsonFormat<V>(), name)
  const { opened } = database
  const overlay = createOverlay(database.buffered)
  const reads = createReads<K, V>({ name, format, space, above: overlay, opened })
  const view = createLiveView<K, V>((entry) => format.decodeCopy(entry.stored!, entry.key))
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
  function queue(entries: readonly Entry<K>[]): void {
    for (const entry of entries) {
      overlay.queue(entry)
      view.publish(entry)
    }
  }

  async function writeNow(key: K, value: V | typeof DELETE): Promise<void> {
    opened()
    queue([entryOf(key, value)])
    return database.commit(false)
  }

  async function batch(operations: readonly CacheOperation<K, V>[]): Promise<void> {
    opened()
    if (!Array.isArray(operations)) throw notOperation(`an array of operations`, operations)
    queue(
      operations.map((operation: CacheOperation<K, V>) => {
        if (operation?.type === 'put') return entryOf(operation.key, operation.value)
        if (operation?.type === 'del') return entryOf(operation.key, DELETE)
        throw notOperation(`{ type: 'put', key, value } or { type: 'del', key }`, operation)
      }),
    )
    return database.commit(false)
  }

  function notOperation(expected: string, came: unknown): SnapstreamError {
    return new SnapstreamError('USAGE', `${name}: batch() takes ${expected}, got ${describe(came)}`)
  }

  async function clear(range: CacheRange<K> = {}): Promise<void> {
    let deletions: Entry<K>[] = []
    const write = async () => {
      opened()
      queue(deletions)
      deletions = []
      await database.commit(false)
    }
    for await (const key of reads.keys(range)) {
      deletions.push(entryOf(key, DELETE))
      if (deletions.length === CLEARS_PER_BATCH) await write()
    }
    if (deletions.length > 0) await write()
  }

  return {
    ...reads,
    batch,
    clear,
    set: writeNow,
    del: (key: K) => writeNow(key, DELETE),
    keyOf: ([key]: readonly [key: K, value: V]) => idOf(key),
    openReader: view.openReader,
    openWriter: (): SinkWriter<readonly [key: K, value: V | typeof DELETE]> => ({
      write(pair) {
        opened()
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
