import { setImmediate } from 'node:timers/promises'
import { SnapstreamError, describe, type SinkOptions, type SinkWriter, toError } from '@snapstream/core'
import { backendError } from './backend-error.ts'
import { backendSource, type Backend, type OpenBackend } from './backend.ts'
import { encodeKey, idOf, type CacheKey } from './cache-key.ts'
import type { CacheOptions } from './cache.ts'
import { createCommitter } from './committer.ts'
import { DELETE } from './delete.ts'
import { exactlyOnceFeed } from './exactly-once-feed.ts'
import type { PositionWrite } from './kept-positions.ts'
import { createLifecycle } from './lifecycle.ts'
import { createLiveView } from './live-view.ts'
import { nameErrors } from './named-format.ts'
import { createOverlay, type Entry } from './overlay.ts'
import { createReads } from './reads.ts'
import { codecFormat, jsonFormat } from './value-format.ts'

const BUFFER_BYTES = 16 * 1024 * 1024
/** Puts between two turns of the event loop: a few milliseconds. */
const PUTS_PER_TURN = 4096

/** A cache's state and what can be done with it. */
// oxlint-disable-next-line typescript/explicit-function-return-type -- Cache spells it out
export function createStore<K extends CacheKey, V>(location: string | Backend, options: CacheOptions<V>) {
  const source = backendSource(location)
  const { name } = source
  const { codec, bufferBytes = BUFFER_BYTES, exactlyOnce = false } = options
  const format = nameErrors(codec ? codecFormat(codec) : jsonFormat<V>(), name)
  const overlay = createOverlay(exactlyOnce)
  const committer = createCommitter(overlay, writeBatch)
  const reads = createReads<K, V>(name, format, overlay, opened)
  const view = createLiveView<K, V>(reads.valueOf)
  const feed = exactlyOnce ? exactlyOnceFeed(name, opened, overlay, committer) : undefined
  const lifecycle = createLifecycle(start, stop)
  const putOptions = { keyEncoding: 'buffer', valueEncoding: format.encoding } as const
  let backend: OpenBackend | undefined
  let isOpen = false

  function opened(): Backend {
    if (isOpen) return backend!.db
    throw new SnapstreamError(
      'NOT_OPEN',
      `${name} is not open; bind it with snap, name it in a binding's use, or await cache.open() first`,
    )
  }

  async function start(): Promise<void> {
    backend = await source.open()
    isOpen = true
  }

  async function stop(): Promise<void> {
    isOpen = false
    feed?.abandon()
    const failures: unknown[] = []
    await committer.commit(true).catch((error: unknown) => {
      const lost = `${name} was closed before ${overlay.size} entries could be written`
      failures.push(new SnapstreamError('CACHE_FAILED', `${lost}: ${toError(error).message}`, { cause: error }))
    })
    overlay.clear()
    view.end()
    await backend!.close().catch((error: unknown) => failures.push(error))
    backend = undefined
    if (failures.length > 0) throw failures[0]
  }

  async function writeBatch(entries: ReadonlyMap<unknown, Entry>, positions: readonly PositionWrite[]): Promise<void> {
    const batch = backend!.db.batch()
    try {
      let puts = 0
      for (const { encodedKey, stored } of entries.values()) {
        if (stored === undefined) batch.del(encodedKey, putOptions)
        else batch.put(encodedKey, stored, putOptions)
        if (++puts % PUTS_PER_TURN === 0) await setImmediate()
      }
      for (const { key, value } of positions) batch.put(key, value, { keyEncoding: 'buffer', valueEncoding: 'utf8' })
      await batch.write({ sync: true } as object)
    } catch (error) {
      await batch.close().catch(() => {})
      throw backendError(error, name, `writing a batch of ${entries.size} entries`)
    }
  }

  function entryOf(key: K, value: V | typeof DELETE): Entry<K> {
    const encodedKey = encodeKey(key)
    const stored = value === DELETE ? undefined : format.encode(value, key)
    const kept =
      key instanceof Uint8Array ? (new Uint8Array(key) as CacheKey as K) : Object.is(key, -0) ? (0 as K) : key
    return { id: idOf(kept), key: kept, encodedKey, stored }
  }

  function writeNow(key: K, value: V | typeof DELETE): Promise<void> {
    try {
      opened()
      feed?.refuseOthers()
      const entry = entryOf(key, value)
      overlay.queue(entry)
      view.publish(entry)
    } catch (error) {
      return Promise.reject(toError(error))
    }
    return committer.commit(false)
  }

  return {
    ...reads,
    ...lifecycle,
    set: (key: K, value: V) => writeNow(key, value),
    del: (key: K) => writeNow(key, DELETE),
    keyOf: ([key]: readonly [key: K, value: V]) => idOf(key),
    openReader: view.openReader,
    openWriter({ checkpoint }: SinkOptions): SinkWriter<readonly [key: K, value: V | typeof DELETE]> {
      const fed = feed?.open()
      return {
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
          if (overlay.bufferedBytes <= bufferBytes) return undefined
          // Written now it would be there without its position: the checkpoint has to come earlier.
          if (fed) {
            checkpoint?.()
            return undefined
          }
          // A failing batch is no fault of this value: the flush tries again and reports it.
          return committer.commit(true).catch(() => {})
        },
        flush: () => committer.commit(true),
        ...fed,
      }
    },
  }
}
