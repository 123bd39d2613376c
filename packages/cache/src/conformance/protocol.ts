import { platformHost } from '@snapstream/core'
import type { Cache, CacheKey } from '../index.ts'

const never = new AbortController().signal
export const checkpoint = { id: 1, positions: new Map() }

export async function openSink<K extends CacheKey, V>(cache: Cache<K, V>) {
  return cache['~snapstream.sink']({ signal: never, host: platformHost(), scope: new Map(), trouble() {} })
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
