import { Buffer } from 'node:buffer'
import type { AbstractSnapshot } from 'abstract-level'
import type { Backend } from '../backend/backend.ts'
import { hasExpired, type Entry, type EntryKey } from '../entry/entry.ts'
import type { EncodedRange } from '../entry/range.ts'
import { bodyOf } from '../entry/stored-head.ts'

/** An entry with its key encoded: its value is stored bytes, or a write that the backend does not have yet. */
export type RawEntry = readonly [key: Buffer, value: Buffer | Entry]

const FETCH = 256

/**
 * Merges the entries of a backend with the writes that it does not have yet, in the order of their keys and without expired
 * ones. All are of the moment at which the first entry is asked for.
 */
export async function* mergeEntries(
  db: Backend,
  above: Iterable<Entry>,
  range: EncodedRange,
  options: { readonly keyEncoding: 'buffer'; readonly valueEncoding: 'buffer'; readonly snapshot?: AbstractSnapshot },
  now: () => number,
  encode: (key: EntryKey) => Buffer,
): AsyncGenerator<RawEntry, void> {
  const direction = range.reverse ? -1 : 1
  const isGone = ({ stored, expiresAt }: Entry) => stored === undefined || hasExpired(expiresAt, now)
  const compare = (a: Buffer, b: Buffer) => direction * Buffer.compare(a, b)
  const iterator = db.iterator<Buffer, Buffer>({
    ...range.bounds,
    reverse: range.reverse,
    ...options,
  })
  try {
    const over = Array.from(above, (entry) => [encode(entry.key), entry] as const)
      .filter(([key]) => range.contains(key))
      .sort(([a], [b]) => compare(a, b))
    let left = range.limit
    let at = 0
    for (;;) {
      if (left <= 0) return
      const stored = await iterator.nextv(Math.min(FETCH, left + over.length - at))
      for (const [key, value] of stored) {
        let isHidden = false
        for (; at < over.length; at++) {
          const [written, entry] = over[at]!
          const order = compare(written, key)
          if (order > 0) break
          if (order === 0) isHidden = true
          if (isGone(entry)) continue
          if (left-- <= 0) return
          yield [written, entry]
        }
        const body = isHidden ? undefined : bodyOf(value, now)
        if (body === undefined) continue
        if (left-- <= 0) return
        yield [key, body]
      }
      if (stored.length === 0) break
    }
    for (; at < over.length; at++) {
      const [written, entry] = over[at]!
      if (isGone(entry)) continue
      if (left-- <= 0) return
      yield [written, entry]
    }
  } finally {
    await iterator.close()
  }
}
