import { Buffer } from 'node:buffer'
import { existsSync, constants } from 'node:fs'
import { mkdir, writeFile, rm, stat, access } from 'node:fs/promises'
import { join } from 'node:path'
import { damageOf } from './data-file.ts'
import { openEnvironment, PAGE_BYTES, type Environment } from './environment.ts'
import { levelError, translateError } from './level-error.ts'
import type { LmdbLevelOpenOptions } from './options.ts'

/** Opens or creates the database of a folder. Rejects with an error that has a `LevelErrorCode`. */
export async function openFolder(folder: string, options: LmdbLevelOpenOptions): Promise<Environment> {
  const { createIfMissing = true, errorIfExists = false, readOnly = false, maxReaders = 126 } = options
  const isNew = !existsSync(join(folder, 'data.mdb'))
  const what = `the LMDB database ${JSON.stringify(folder)}`
  if (!isNew && errorIfExists)
    throw levelError('LEVEL_IO_ERROR', `${what} exists already, and errorIfExists is true; take another folder`)
  if (isNew && (readOnly || !createIfMissing))
    throw levelError(
      'LEVEL_IO_ERROR',
      `${what} does not exist, and ${readOnly ? 'readOnly is true' : 'createIfMissing is false'}; look for a mistake in the path`,
    )
  try {
    if (isNew) await mkdir(folder, { recursive: true })
    await checkFiles(folder, readOnly)
    if (readOnly) return openEnvironment(folder, { readOnly, maxReaders })
    await makeRoom(folder, maxReaders, PAGE_BYTES)
    const environment = openEnvironment(folder, { readOnly, maxReaders })
    // An existing database on a full disk works without the file.
    await writeFile(join(folder, MADE), '', { flag: 'a' }).catch(() => {})
    return environment
  } catch (error) {
    throw await translateError(error, folder, 'opening')
  }
}

/** The layout of lock.mdb: a head, and a slot for each reader. */
const LOCK_HEAD_BYTES = 272
const READER_BYTES = 64

/**
 * Allocates the disk space that opening needs, before `lmdb` does: on a full disk `lmdb` would end the process (3.5.6). It
 * would also make lock.mdb a sparse file, and a hole in it that cannot be filled would end the process later.
 */
async function makeRoom(folder: string, maxReaders: number, pageBytes: number): Promise<void> {
  await writeWhole(join(folder, 'lock.mdb'), LOCK_HEAD_BYTES + (maxReaders - 1) * READER_BYTES)
  const { size } = await stat(join(folder, 'data.mdb')).catch(() => ({ size: 0 }))
  if (size > 0) return
  // The two meta pages.
  const probe = join(folder, `room.${process.pid}.mdb`)
  await writeWhole(probe, 2 * pageBytes)
  await rm(probe)
}

/** Writes a file of zeros unless the file exists. */
async function writeWhole(path: string, bytes: number): Promise<void> {
  try {
    await writeFile(path, Buffer.alloc(bytes), { flag: 'wx' })
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EEXIST') return
    await rm(path, { force: true })
    throw error
  }
}

/** A file that marks a folder with data: LMDB would take a folder that has lost its data for a new one. */
const MADE = 'made.mdb'

/**
 * Rejects if `lmdb` could not open the files of a folder, or would end the process when it reads them: an open that fails
 * ends the process (3.5.6), and `lmdb` maps the file into memory without a check of its size. `data.mdb` may be missing in a
 * folder that never had data.
 */
async function checkFiles(folder: string, readOnly: boolean): Promise<void> {
  const mode = constants.R_OK | (readOnly ? 0 : constants.W_OK)
  await access(folder, mode | constants.X_OK)
  for (const name of ['data.mdb', 'lock.mdb'])
    await access(join(folder, name), mode).catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== 'ENOENT') throw error
    })
  const hadData = await exists(join(folder, MADE))
  if (hadData && !(await exists(join(folder, 'data.mdb')))) refuse(folder, 'is gone')
  // A process that ended right after it created the file leaves it empty: LMDB then creates the database again.
  const damage = await damageOf(join(folder, 'data.mdb'), !readOnly && !hadData)
  if (damage !== undefined) refuse(folder, damage)
}

function refuse(folder: string, damage: string): never {
  throw levelError(
    'LEVEL_CORRUPTION',
    `the LMDB database ${JSON.stringify(folder)} is damaged, or is no LMDB database: its data.mdb ${damage}; restore the folder, or delete all of it`,
  )
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
