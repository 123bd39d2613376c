import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { damageOf } from './data-file.ts'
import { levelError } from './level-error.ts'

/** A file that says that there was a database: without it LMDB takes a folder that has lost its data for a new one. */
export const MADE = 'made.mdb'

/**
 * Rejects where `lmdb` could not open the files in a folder, or would end the process while it reads them: it does not survive
 * an open that fails (seen with 3.5.6), and maps the file into memory without a look at its size. `data.mdb` need not be
 * there in a folder that had none.
 */
export async function checkFiles(folder: string, readOnly: boolean): Promise<void> {
  const mode = constants.R_OK | (readOnly ? 0 : constants.W_OK)
  await access(folder, mode | constants.X_OK)
  for (const name of ['data.mdb', 'lock.mdb'])
    await access(join(folder, name), mode).catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== 'ENOENT') throw error
    })
  const hadData = await isThere(join(folder, MADE))
  if (hadData && !(await isThere(join(folder, 'data.mdb')))) refuse(folder, 'is gone')
  // Made, and not written to before the process ended: LMDB begins anew, if it may write.
  const damage = await damageOf(join(folder, 'data.mdb'), !readOnly && !hadData)
  if (damage !== undefined) refuse(folder, damage)
}

function refuse(folder: string, damage: string): never {
  throw levelError(
    'LEVEL_CORRUPTION',
    `the LMDB database ${JSON.stringify(folder)} is damaged, or no LMDB database: its data.mdb ${damage}; restore the folder, or delete all of it`,
  )
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
