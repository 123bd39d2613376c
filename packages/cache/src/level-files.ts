import { readdir } from 'node:fs/promises'
import { SnapstreamError } from '@snapstream/core'

/**
 * Refuses a folder that has lost the file from which LevelDB knows the others: it would make a new database in it, and
 * remove the files of the old one. Throws `CACHE_CORRUPT`.
 */
export async function refuseLostCurrent(folder: string, name: string): Promise<void> {
  const files = await readdir(folder)
  // A MANIFEST alone is what a crash leaves when a database is just being made.
  const data = files.find((file) => /^\d+\.(ldb|sst|log)$/.test(file))
  if (data === undefined || files.includes('CURRENT')) return
  throw new SnapstreamError(
    'CACHE_CORRUPT',
    `${name} is damaged: its folder has ${data}, but no file CURRENT, without which LevelDB would begin anew and remove the data; restore the folder, or delete it and fill the cache again`,
  )
}
