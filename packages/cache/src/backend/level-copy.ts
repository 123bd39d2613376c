import { rmSync } from 'node:fs'
import { constants, copyFile, link, mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { SnapstreamError } from '@snapstream/core'

/** The most attempts to copy files that another process changes. */
const ATTEMPTS = 20

export interface LevelCopy {
  readonly path: string
  remove(): Promise<void>
}

/**
 * Copies the files of a LevelDB as of one moment, while another process may write to them. Tables never change, so they are
 * linked where possible; the other files are short. LOCK is not touched.
 *
 * Durable data is in the tables that the MANIFEST names and in the logs. If the MANIFEST is the same before and after the
 * copy, no table was added or removed and no log was retired. Records that were appended to a log meanwhile do no harm:
 * LevelDB reads a log up to its last whole record.
 */
export async function copyLevel(folder: string, name: string): Promise<LevelCopy> {
  const path = await makeFolder(folder)
  // Removes the copy when the program ends by process.exit.
  const removeNow = () => rmSync(path, { recursive: true, force: true })
  process.once('exit', removeNow)
  const remove = async () => {
    process.off('exit', removeNow)
    await rm(path, { recursive: true, force: true })
  }
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const before = await stateOf(folder)
      const isWhole = await copyFiles(folder, path)
      if (isWhole && before === (await stateOf(folder))) return { path, remove }
      await Promise.all((await readdir(path)).map((file) => rm(join(path, file))))
    }
    throw new SnapstreamError(
      'CACHE_FAILED',
      `${name} changed ${ATTEMPTS} times while it was copied to be read; try again when less is written to it`,
    )
  } catch (error) {
    await remove()
    throw error
  }
}

/** Beside the folder, where files can be linked; in the folder for temporary files if that is not permitted. */
async function makeFolder(folder: string): Promise<string> {
  return mkdtemp(`${folder}.read-only-`).catch(() => mkdtemp(join(tmpdir(), `${basename(folder)}.read-only-`)))
}

/** A state that changes with every table that is added or removed. */
async function stateOf(folder: string): Promise<string> {
  const manifest = (await readFile(join(folder, 'CURRENT'), 'utf8')).trim()
  // The MANIFEST may have been replaced since.
  const { size } = await stat(join(folder, manifest)).catch(() => ({ size: -1 }))
  return `${manifest} ${size}`
}

/** Returns false if a file was removed meanwhile. */
async function copyFiles(folder: string, into: string): Promise<boolean> {
  const names = await readdir(folder)
  const isTable = (name: string) => /\.(ldb|sst)$/.test(name)
  const others = names.filter((name) => /^(CURRENT|MANIFEST-\d+|\d+\.log)$/.test(name))
  try {
    for (const name of names.filter(isTable))
      await link(join(folder, name), join(into, name)).catch(() => copy(folder, into, name))
    for (const name of others) await copy(folder, into, name)
    return true
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return false
    throw error
  }
}

async function copy(folder: string, into: string, name: string): Promise<void> {
  await copyFile(join(folder, name), join(into, name), constants.COPYFILE_FICLONE)
}
