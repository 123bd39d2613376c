import type { Buffer } from 'node:buffer'
import { setImmediate } from 'node:timers/promises'
import { backendError, compactRange } from '@snapstream/cache/storage'
import { removePosition } from './part-position.ts'
import type { WrittenPart } from './part-writer.ts'
import type { StateDatabase } from './state-database.ts'

/** The number of keys that are removed at once. */
const KEYS_PER_TURN = 1000

/**
 * Removes the files of a part while others are read and written, and has the backend free their disk. The position goes first: a
 * part without one is not used. Resolves with false if it was aborted before the end. Rejects with `CACHE_FAILED` and
 * `CACHE_CORRUPT`.
 */
export async function removePart(
  database: StateDatabase,
  part: Pick<WrittenPart, 'name' | 'space'>,
  signal: AbortSignal,
): Promise<boolean> {
  const { name, space } = part
  const db = database.opened()
  try {
    await removePosition(db, space)
    // One iterator, as a new one would have to skip everything that was removed before.
    const iterator = db.keys<Buffer>({ gte: space.under(0), lt: space.under(0xff), keyEncoding: 'buffer' })
    try {
      for (;;) {
        const keys = await iterator.nextv(KEYS_PER_TURN)
        const [first] = keys
        if (first === undefined) break
        if (signal.aborted) return false
        await db.clear<Buffer>({ gte: first, lte: keys.at(-1)!, keyEncoding: 'buffer' })
        await setImmediate()
      }
    } finally {
      await iterator.close()
    }
    await compactRange({ name, space, database }, {})
    return true
  } catch (error) {
    throw backendError(error, name, 'removing it, as it belongs to another process now,')
  }
}
