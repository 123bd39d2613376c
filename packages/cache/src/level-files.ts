import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SnapstreamError } from '@snapstream/core'

/**
 * Refuses a folder that has lost the file from which LevelDB knows the others, or the one that it names. Without the first
 * it would make a new database in it, and remove the files of the old one. Throws `CACHE_CORRUPT`.
 */
export async function refuseLostFiles(folder: string, name: string): Promise<void> {
  const files = await readdir(folder)
  const refuse = (lost: string) => {
    throw new SnapstreamError(
      'CACHE_CORRUPT',
      `${name} is damaged: its folder has ${lost}; restore the folder, or delete it and fill the cache again`,
    )
  }
  if (files.includes('CURRENT')) {
    const manifest = (await readFile(join(folder, 'CURRENT'), 'utf8')).trim()
    if (/^MANIFEST-\d+$/.test(manifest) && !files.includes(manifest)) refuse(`no file ${manifest}, which CURRENT names`)
    return
  }
  // A MANIFEST alone is what a crash leaves when a database is just being made.
  const data = files.find((file) => /^\d+\.(ldb|sst|log)$/.test(file))
  if (data !== undefined)
    refuse(`${data}, but no file CURRENT, without which LevelDB would begin anew and remove the data`)
}
