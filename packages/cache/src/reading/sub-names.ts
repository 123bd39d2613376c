import { Buffer } from 'node:buffer'
import { backendError } from '../backend/backend-error.ts'
import type { Backend } from '../backend/backend.ts'
import { SUB_TAG, createKeySpace } from '../entry/key-space.ts'

/** The names of the sub-caches below a prefix that have entries in the backend, in order. `parent`: their cache, for errors. */
export async function readSubNames(db: Backend, parent: string, prefix: string): Promise<string[]> {
  const start = createKeySpace(prefix).under(SUB_TAG)
  const end = createKeySpace(prefix).under(SUB_TAG + 1)
  const iterator = db.keys<Buffer>({ gte: start, lt: end, keyEncoding: 'buffer' })
  const names: string[] = []
  try {
    // From each name it skips all keys of that sub-cache.
    for (let key = await iterator.next(); key !== undefined; key = await iterator.next()) {
      const name = key.subarray(start.length, key.indexOf(0, start.length))
      names.push(name.toString())
      iterator.seek(Buffer.concat([start, name, Buffer.of(1)]))
    }
  } catch (error) {
    throw backendError(error, parent, 'reading the names of sub-caches')
  } finally {
    await iterator.close()
  }
  return names
}
