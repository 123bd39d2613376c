import type { Buffer } from 'node:buffer'
import type { Environment } from './environment.ts'
import { isEmpty, keyRange, type RangeBounds } from './key-range.ts'
import type { LmdbSnapshot } from './lmdb-snapshot.ts'
import { readRange } from './read-range.ts'

export interface ClearOptions extends RangeBounds {
  readonly reverse: boolean
  readonly limit: number
  readonly snapshot?: LmdbSnapshot
}

/** Keys that are held in memory at once, and go in one commit. */
const CHUNK = 10_000

/** Deletes the keys of a range as they are now, or as they are in a snapshot. */
export async function clearRange(environment: Environment, options: ClearOptions): Promise<void> {
  const range = keyRange(options)
  const { reverse, limit, snapshot } = options
  if (isEmpty(range)) return
  if (range.lower === undefined && range.upper === undefined && limit < 0 && snapshot === undefined) {
    await environment.clearAsync()
    return
  }
  const reading = snapshot?.reading ?? { transaction: environment.useReadTransaction() }
  const entries = readRange(environment, range, { reverse, values: false, reading })
  try {
    for (let left = limit < 0 ? Infinity : limit; left > 0; left -= CHUNK) {
      const keys = takeKeys(entries, Math.min(left, CHUNK))
      if (keys.length > 0) await environment.batch(() => keys.forEach((key) => void environment.remove(key)))
      if (keys.length < CHUNK) return
    }
  } finally {
    entries.return?.()
    if (snapshot === undefined) reading.transaction.done()
  }
}

function takeKeys(entries: Iterator<{ key: Buffer }>, count: number): Buffer[] {
  const keys: Buffer[] = []
  while (keys.length < count) {
    const next = entries.next()
    if (next.done === true) break
    keys.push(next.value.key)
  }
  return keys
}
