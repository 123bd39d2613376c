import { platformHost } from '@snapstream/core'
import type { AnyBackend } from '../backend/backend.ts'
import type { Cache, CacheKey, CacheOptions } from '../index.ts'

/** Registers a test that gets an open cache over an empty backend, and the location of the cache. */
export type Check = <V = unknown>(
  title: string,
  run: (cache: Cache<CacheKey, V>, location: string | AnyBackend) => Promise<void>,
  options?: CacheOptions<V>,
) => void

const never = new AbortController().signal
export const checkpoint = { id: 1, positions: new Map() }

export async function openSink<K extends CacheKey, V>(cache: Cache<K, V>) {
  return cache['~snapstream.sink']({ signal: never, host: platformHost(), scope: new Map(), trouble() {}, sources: [] })
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
