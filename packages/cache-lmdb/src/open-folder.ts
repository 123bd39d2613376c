import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openEnvironment, type Environment } from './environment.ts'
import { checkFiles } from './check-files.ts'
import { checkSize } from './check-size.ts'
import { levelError, toLevelError } from './level-error.ts'
import type { LmdbLevelOpenOptions } from './lmdb-level.ts'

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
  let environment: Environment
  try {
    if (!exists) await mkdir(folder, { recursive: true })
    await checkFiles(folder, readOnly)
    environment = openEnvironment(folder, { readOnly, maxReaders })
  } catch (error) {
    throw toLevelError(error, folder, 'opening')
  }
  try {
    if (exists) await checkSize(environment, folder)
    return environment
  } catch (error) {
    await environment.close()
    throw error
  }
}
