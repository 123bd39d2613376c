import { createKeySpace, readSubNames } from '@snapstream/cache/storage'
import { isDamage } from './damage.ts'
import { partPrefix, storePrefix } from './part.ts'
import { readPosition, type PartPosition } from './part-position.ts'
import { openStateDatabase, type StateDatabase, type StateDatabaseOptions } from './state-database.ts'

/** By partition, the position of each part on disk; undefined: it has files that count for nothing. */
export type PositionsOnDisk = Map<number, PartPosition | undefined>

interface Opened {
  readonly database: StateDatabase
  readonly positions: PositionsOnDisk
}

/** Opens the database of a store or a table, and reads the positions of its parts. Rejects as `openStateDatabase` does. */
export async function openPositions(place: StateDatabaseOptions): Promise<Opened> {
  try {
    return await openOnce(place)
  } catch (error) {
    // The damaged folder was set aside.
    if (isDamage(error)) return openOnce(place)
    throw error
  }
}

async function openOnce(place: StateDatabaseOptions): Promise<Opened> {
  const database = await openStateDatabase(place)
  try {
    return { database, positions: await readPositions(database, place) }
  } catch (error) {
    if (isDamage(error)) database.damaged(error)
    await database.close()
    throw error
  }
}

async function readPositions(
  database: StateDatabase,
  { name, title }: Pick<StateDatabaseOptions, 'name' | 'title'>,
): Promise<PositionsOnDisk> {
  const db = database.opened()
  const positions: PositionsOnDisk = new Map()
  for (const partition of (await readSubNames(db, title, storePrefix(name))).map(Number)) {
    const space = createKeySpace(partPrefix(name, partition))
    positions.set(partition, await readPosition(db, space, `part ${partition} of ${title}`))
  }
  return positions
}
