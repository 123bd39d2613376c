import { Level } from 'level'
import { open } from 'lmdb'
import { inFolder, keyOf, timeReads, timeWrites, valueOf, type Value } from './load.ts'

/** What a person would write over `level`: JSON by its own encoding, synced batches. */
async function withLevel(folder: string, run: (db: Level<string, Value>, filled: number) => number): Promise<number> {
  const db = new Level<string, Value>(folder, { valueEncoding: 'json' })
  await db.open()
  const filled = await timeWrites((ids) =>
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
async function withLmdb(folder: string, run: (db: LmdbOfJson, filled: number) => number): Promise<number> {
  const db = open<Value, string>({ path: folder, noSubdir: false, encoding: 'json' })
  const filled = await timeWrites(async (ids) => {
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

export const writeLevel = () => inFolder((folder) => withLevel(folder, (_, filled) => filled))
export const readLevel = () => inFolder((folder) => withLevel(folder, (db) => timeReads((key) => db.getSync(key))))
export const writeLmdb = () => inFolder((folder) => withLmdb(folder, (_, filled) => filled))
export const readLmdb = () => inFolder((folder) => withLmdb(folder, (db) => timeReads((key) => db.get(key))))
