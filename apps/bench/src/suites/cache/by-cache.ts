import { Cache } from '@snapstream/cache'
import { LmdbLevel } from '@snapstream/cache-lmdb'
import { platformHost } from '@snapstream/core'
import { inFolder, keyOf, timeReads, timeWrites, valueOf, type Value } from './load.ts'

export type Engine = 'level' | 'lmdb'

const sinkOptions = () => ({
  signal: new AbortController().signal,
  host: platformHost(),
  scope: new Map<unknown, unknown>(),
  trouble() {},
})

function cacheIn(folder: string, engine: Engine): Cache<string, Value> {
  return engine === 'level' ? Cache(folder) : Cache(new LmdbLevel(folder))
}

/** A checkpoint for each batch, as `stream` does it. */
async function fill(cache: Cache<string, Value>): Promise<number> {
  const sink = await cache['~snapstream.sink'](sinkOptions())
  const checkpoint = { id: 1, positions: new Map() }
  return timeWrites(async (ids) => {
    for (const id of ids) {
      const full = sink.write([keyOf(id), valueOf(id)])
      if (full !== undefined) await full
    }
    await sink.flush(checkpoint)
  })
}

export const write = (engine: Engine) => () =>
  inFolder(async (folder) => {
    await using cache = cacheIn(folder, engine)
    await cache.open()
    return await fill(cache)
  })

export const read = (engine: Engine) => () =>
  inFolder(async (folder) => {
    await using cache = cacheIn(folder, engine)
    await cache.open()
    await fill(cache)
    return timeReads(cache.getSync)
  })
