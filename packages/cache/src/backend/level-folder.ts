import { readFile, readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { SnapstreamError } from '@snapstream/core'
import type { Level } from 'level'
import { backendError, openError } from './backend-error.ts'
import { closeAndRelease, realFolder, type Backend, type OpenBackend } from './backend.ts'
import { claim } from './claim.ts'
import { copyLevel, type LevelCopy } from './level-copy.ts'

type LevelConstructor = typeof Level & { destroy(location: string): Promise<void> }

const BYTES = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const
/**
 * Four times what LevelDB has by default: what it sorts in memory before it writes a table, and its tables. With ten million
 * entries in no order of keys it then writes a quarter less when it compacts, and takes a quarter less CPU time.
 */
const SIZES = { writeBufferSize: 16 * 1024 * 1024, maxFileSize: 8 * 1024 * 1024 } as const

/** Opens the LevelDB of a folder, which is created if it does not exist. */
export async function openFolder(folder: string, name: string): Promise<OpenBackend> {
  const Level = await loadLevel(name)
  const path = await realFolder(folder, name)
  const release = claim(path, name)
  try {
    await refuseLostFiles(path, name)
  } catch (error) {
    release()
    throw backendError(error, name, 'opening')
  }
  // A new object each time, so that a folder that failed to open can be opened later.
  const db = new Level<Buffer, Buffer>(path, { ...BYTES, ...SIZES }) as unknown as Backend
  try {
    await db.open()
  } catch (error) {
    const translated = await openError(error, name, path)
    release()
    throw translated
  }
  return { db, path, close: () => closeAndRelease(db, name, release) }
}

/** Opens a copy of the folder for reading: LevelDB lets no second process into a folder, not even to read. */
export async function openCopy(folder: string, name: string): Promise<OpenBackend> {
  let copy: LevelCopy | undefined
  const Level = await loadLevel(name)
  try {
    const path = await realpath(folder)
    await refuseLostFiles(path, name)
    copy = await copyLevel(path, name)
    const db = new Level<Buffer, Buffer>(copy.path, { ...BYTES, createIfMissing: false }) as unknown as Backend
    await db.open()
    const { remove } = copy
    return { db, path, close: () => closeAndRelease(db, name, remove) }
  } catch (error) {
    await copy?.remove()
    throw backendError(error, name, `opening a copy of the folder ${folder}`)
  }
}

/** Removes the files of LevelDB. A folder that does not exist is no error. */
export async function destroyFolder(folder: string, name: string): Promise<void> {
  const Level = await loadLevel(name)
  const path = await realpath(folder).catch((error: unknown) => {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined
    throw backendError(error, name, 'destroying')
  })
  if (path === undefined) return
  const release = claim(path, name)
  try {
    await Level.destroy(path)
  } catch (error) {
    throw await openError(error, name, path, 'destroying')
  } finally {
    release()
  }
}

/** The package `level` is an optional peer: a cache over another database does without it. Throws `UNSUPPORTED`. */
async function loadLevel(name: string): Promise<LevelConstructor> {
  try {
    const { Level } = await import('level')
    return Level as unknown as LevelConstructor
  } catch (cause) {
    throw new SnapstreamError(
      'UNSUPPORTED',
      `${name} is a folder of LevelDB and needs the package level, which could not be loaded: npm install level; ` +
        'or give Cache a database in place of the folder',
      { cause },
    )
  }
}

/**
 * Refuses a folder that has lost its file CURRENT, or the MANIFEST that CURRENT names. Without CURRENT LevelDB would make a
 * new database in the folder and remove the files of the old one. Throws `CACHE_CORRUPT`.
 */
async function refuseLostFiles(folder: string, name: string): Promise<void> {
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
  // A crash while a database is being created leaves a MANIFEST alone.
  const data = files.find((file) => /^\d+\.(ldb|sst|log)$/.test(file))
  if (data !== undefined)
    refuse(`${data}, but no file CURRENT, without which LevelDB would begin anew and remove the data`)
}
