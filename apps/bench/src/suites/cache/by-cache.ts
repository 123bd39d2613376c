import { Cache } from '@snapstream/cache'
import { LmdbLevel } from '@snapstream/cache-lmdb'
import { platformHost } from '@snapstream/core'
import type { Outcome } from '../../suite.ts'
import { inFolder, keyOf, timeReads, timeWrites, valueOf, type CacheInput, type Value } from './load.ts'

export type Engine = 'level' | 'lmdb'

const sinkOptions = () => ({
  signal: new AbortController().signal,
  host: platformHost(),
  scope: new Map<unknown, unknown>(),
  trouble() {},
  sources: [],
})

function cacheIn(folder: string, engine: Engine): Cache<string, Value> {
  return engine === 'level' ? Cache(folder) : Cache(new LmdbLevel(folder))
}

/** A checkpoint for each batch, as `stream` does it. */
async function fill(cache: Cache<string, Value>, input: CacheInput): Promise<Outcome> {
  const sink = await cache['~snapstream.sink'](sinkOptions())
  const checkpoint = { id: 1, positions: new Map() }
  return timeWrites(input, async (ids) => {
    for (const id of ids) {
      const full = sink.write([keyOf(id), valueOf(id)])
      if (full !== undefined) await full
    }
    await sink.flush(checkpoint)
  })
}

export const write = (engine: Engine) => (input: CacheInput) =>
  inFolder(async (folder) => {
    await using cache = cacheIn(folder, engine)
    await cache.open()
    return await fill(cache, input)
  })

export const read = (engine: Engine) => (input: CacheInput) =>
  inFolder(async (folder) => {
    await using cache = cacheIn(folder, engine)
    await cache.open()
    await fill(cache, input)
    return timeReads(input, cache.getSync)
  })
