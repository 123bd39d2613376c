import { Buffer } from 'node:buffer'

/** An item with the bytes that it is sorted by. */
export type Sorted<T> = readonly [order: Uint8Array, item: T]

/** Merges sorted iterators into one. `limit`: the most items. */
export async function* mergeSorted<T>(
  iterators: readonly AsyncIterator<Sorted<T>, void>[],
  { reverse, limit }: { readonly reverse: boolean; readonly limit: number },
): AsyncGenerator<T, void> {
  const isBefore = ([one]: Sorted<T>, [other]: Sorted<T>) => Buffer.compare(one, other) < 0 !== reverse
  try {
    const heads = await Promise.all(iterators.map((iterator) => iterator.next()))
    for (let left = limit; left > 0; left--) {
      let first: { readonly at: number; readonly value: Sorted<T> } | undefined
      for (const [at, { done, value }] of heads.entries())
        if (!done && (first === undefined || isBefore(value, first.value))) first = { at, value }
      if (first === undefined) return
      yield first.value[1]
      heads[first.at] = await iterators[first.at]!.next()
    }
  } finally {
    await Promise.all(iterators.map(async (iterator) => iterator.return?.()))
  }
}
