import { createKeySpace } from '@snapstream/cache/storage'
import type { CacheKey, CacheRange } from '@snapstream/cache'
import { mergeSorted, type Sorted } from './merge-sorted.ts'
import type { Part } from './part.ts'

const PLAIN = createKeySpace('')

/** The committed entries of several parts, in the order of their keys. */
export function entriesOf<K extends CacheKey, V>(
  parts: Iterable<Pick<Part<K, V>, 'committed'>>,
  range: CacheRange<K>,
): AsyncGenerator<readonly [key: K, value: V], void> {
  async function* sorted({ committed }: Pick<Part<K, V>, 'committed'>): AsyncGenerator<Sorted<readonly [K, V]>, void> {
    for await (const entry of committed.entries(range)) yield [PLAIN.encode(entry[0]), entry]
  }
  const { reverse = false, limit = -1 } = range
  return mergeSorted(Array.from(parts, sorted), { reverse, limit: limit < 0 ? Infinity : limit })
}
