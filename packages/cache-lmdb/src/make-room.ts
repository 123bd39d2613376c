import { Buffer } from 'node:buffer'
import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What LMDB makes of lock.mdb: a head, and a place for each reader. */
const LOCK_HEAD_BYTES = 272
const READER_BYTES = 64

/**
 * Takes the room on the disk that opening needs, before `lmdb` does: where there is none, that ends the process (seen with
 * 3.5.6). lock.mdb would have holes as well, and a hole that cannot be filled ends the process later.
 */
export async function makeRoom(folder: string, maxReaders: number, pageBytes: number): Promise<void> {
  await writeWhole(join(folder, 'lock.mdb'), LOCK_HEAD_BYTES + (maxReaders - 1) * READER_BYTES)
  const { size } = await stat(join(folder, 'data.mdb')).catch(() => ({ size: 0 }))
  if (size > 0) return
  // The two pages at the start.
  const probe = join(folder, `room.${process.pid}.mdb`)
  await writeWhole(probe, 2 * pageBytes)
  await rm(probe)
}

/** Makes a file of zeros, unless it is there. */
async function writeWhole(path: string, bytes: number): Promise<void> {
  try {
    await writeFile(path, Buffer.alloc(bytes), { flag: 'wx' })
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EEXIST') return
    await rm(path, { force: true })
    throw error
  }
}
