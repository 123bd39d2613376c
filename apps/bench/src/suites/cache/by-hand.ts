import { Level } from 'level'
import { open } from 'lmdb'
import type { Outcome } from '../../suite.ts'
import { inFolder, keyOf, timeReads, timeWrites, valueOf, type CacheInput, type Value } from './load.ts'

/** A program over `level` without a cache: its own encoding of JSON, synced batches. */
async function withLevel(
  folder: string,
  input: CacheInput,
  run: (db: Level<string, Value>, filled: Outcome) => Outcome,
): Promise<Outcome> {
  const db = new Level<string, Value>(folder, { valueEncoding: 'json' })
  await db.open()
  const filled = await timeWrites(input, (ids) =>
    db.batch(
      ids.map((id) => ({ type: 'put', key: keyOf(id), value: valueOf(id) })),
      { sync: true } as object,
    ),
  )
  const result = run(db, filled)
  await db.close()
  return result
}

/** The same over `lmdb`. */
async function withLmdb(
  folder: string,
  input: CacheInput,
  run: (db: LmdbOfJson, filled: Outcome) => Outcome,
): Promise<Outcome> {
  const db = open<Value, string>({ path: folder, noSubdir: false, encoding: 'json' })
  const filled = await timeWrites(input, async (ids) => {
    await db.batch(() => {
      for (const id of ids) void db.put(keyOf(id), valueOf(id))
    })
    await db.flushed
  })
  const result = run(db, filled)
  await db.close()
  return result
}

interface LmdbOfJson {
  get(key: string): Value | undefined
}

export const writeLevel = (input: CacheInput) => inFolder((folder) => withLevel(folder, input, (_, filled) => filled))
export const readLevel = (input: CacheInput) =>
  inFolder((folder) => withLevel(folder, input, (db) => timeReads(input, (key) => db.getSync(key))))
export const writeLmdb = (input: CacheInput) => inFolder((folder) => withLmdb(folder, input, (_, filled) => filled))
export const readLmdb = (input: CacheInput) =>
  inFolder((folder) => withLmdb(folder, input, (db) => timeReads(input, (key) => db.get(key))))
