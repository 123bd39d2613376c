import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkFiles, MADE } from './check-files.ts'
import { openEnvironment, PAGE_BYTES, type Environment } from './environment.ts'
import { levelError, translateError } from './level-error.ts'
import type { LmdbLevelOpenOptions } from './lmdb-level.ts'
import { makeRoom } from './make-room.ts'

/** Opens the database in a folder, or makes one. Rejects with an error of a `LevelErrorCode`. */
export async function openFolder(folder: string, options: LmdbLevelOpenOptions): Promise<Environment> {
  const { createIfMissing = true, errorIfExists = false, readOnly = false, maxReaders = 126 } = options
  const exists = existsSync(join(folder, 'data.mdb'))
  const what = `the LMDB database ${JSON.stringify(folder)}`
  if (exists && errorIfExists)
    throw levelError('LEVEL_IO_ERROR', `${what} exists already, and errorIfExists is true; take another folder`)
  if (!exists && (readOnly || !createIfMissing))
    throw levelError(
      'LEVEL_IO_ERROR',
      `${what} does not exist, and ${readOnly ? 'readOnly is true' : 'createIfMissing is false'}; look for a mistake in the path`,
    )
  try {
    if (!exists) await mkdir(folder, { recursive: true })
    await checkFiles(folder, readOnly)
    if (readOnly) return openEnvironment(folder, { readOnly, maxReaders })
    await makeRoom(folder, maxReaders, PAGE_BYTES)
    const environment = openEnvironment(folder, { readOnly, maxReaders })
    // Of a database that was there before, on a disk that is full, it is done without.
    await writeFile(join(folder, MADE), '', { flag: 'a' }).catch(() => {})
    return environment
  } catch (error) {
    throw await translateError(error, folder, 'opening')
  }
}
