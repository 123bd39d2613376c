import {
  DEL,
  PUT_TEXT,
  PART_TAG,
  backendError,
  type Backend,
  type Batch,
  type KeySpace,
} from '@snapstream/cache/storage'
import { BOOT_ID } from './boot-id.ts'

/** The place in a changelog up to which a part on disk has its records. It is stored in the batch of the entries. */
export interface PartPosition {
  /** The identifier of the changelog topic. */
  readonly log: string
  /** The changelog offset behind the last record that the part has. */
  readonly offset: number
  /** The same for the records that survive a crash of the machine; undefined: none. */
  readonly synced: number | undefined
  /** When it was read from the database: the time of day at which it was written, in ms since the epoch. */
  readonly at?: number
}

interface Kept extends Omit<PartPosition, 'synced'> {
  readonly synced?: number
  readonly at: number
  /** The start of the machine in which it was written. */
  readonly boot?: string
}

/** Adds a position to a batch. */
export function putPosition(batch: Batch, space: KeySpace, { log, offset, synced }: PartPosition): void {
  const kept: Kept = {
    log,
    offset,
    at: Date.now(),
    ...(synced !== undefined && { synced }),
    ...(BOOT_ID !== undefined && { boot: BOOT_ID }),
  }
  batch.put(space.under(PART_TAG), JSON.stringify(kept), PUT_TEXT)
}

/** Removes the position of a part, so that its entries count for nothing. */
export async function removePosition(db: Backend, space: KeySpace): Promise<void> {
  await db
    .batch()
    .del(space.under(PART_TAG), DEL)
    .write({ sync: true } as object)
}

/**
 * Reads the position of a part; undefined if it has none. After a crash of the machine the last batches may be lost in part.
 * The part then goes on from the last synced one: reading records of the changelog again does no harm.
 */
export async function readPosition(db: Backend, space: KeySpace, name: string): Promise<PartPosition | undefined> {
  try {
    const options = { keyEncoding: 'buffer', valueEncoding: 'utf8' } as const
    const text = await db.get<Uint8Array, string>(space.under(PART_TAG), options)
    if (text === undefined) return undefined
    const { log, offset, synced, at, boot } = JSON.parse(text) as Kept
    if (boot !== undefined && boot === BOOT_ID) return { log, offset, synced, at }
    return synced === undefined ? undefined : { log, offset: synced, synced, at }
  } catch (error) {
    throw backendError(error, name, 'reading its changelog offset')
  }
}
