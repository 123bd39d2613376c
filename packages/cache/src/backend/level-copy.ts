import { rmSync } from 'node:fs'
import { constants, copyFile, link, mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { SnapstreamError } from '@snapstream/core'

/** How often the files may have changed while they were copied. */
const ATTEMPTS = 20

export interface LevelCopy {
  readonly path: string
  remove(): Promise<void>
}

/**
 * The files of a LevelDB as they are at one moment, in a folder of their own, while another process may be writing to
 * them. Tables never change, so they are linked where that is possible; the others are short. LOCK is left alone.
 *
 * What is durable is in the tables that the MANIFEST names and in the logs since. If the MANIFEST has not changed while all
 * was copied, then no table came or went, no log was given up, and what was added to a log meanwhile does no harm: LevelDB
 * reads it as far as it is whole.
 */
export async function copyLevel(folder: string, name: string): Promise<LevelCopy> {
  const path = await makeFolder(folder)
  // So that a program which is ended by process.exit leaves nothing behind.
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

/** Beside the folder, where files can be linked; elsewhere if nothing may be made there. */
async function makeFolder(folder: string): Promise<string> {
  return mkdtemp(`${folder}.read-only-`).catch(() => mkdtemp(join(tmpdir(), `${basename(folder)}.read-only-`)))
}

/** Changes with every table that comes or goes. */
async function stateOf(folder: string): Promise<string> {
  const manifest = (await readFile(join(folder, 'CURRENT'), 'utf8')).trim()
  // It may have gone since: then CURRENT names another one.
  const { size } = await stat(join(folder, manifest)).catch(() => ({ size: -1 }))
  return `${manifest} ${size}`
}

/** Answers false if a file went away meanwhile. */
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
