import { constants } from 'node:fs'
import { access, open } from 'node:fs/promises'
import { join } from 'node:path'
import { levelError } from './level-error.ts'

const META_PAGES = 2
/** Where a page begins: page number and the like, then what is in the page. */
const HEADER_BYTES = 56
const FLAGS_AT = 18
const META_FLAG = 0x08
const MAGIC_AT = 24
const MAGIC = 0xbe_ef_c0_de
const VERSION_AT = 28
const VERSION = 2
const PAGE_BYTES_AT = 48

/**
 * Rejects where `lmdb` could not open the files in a folder: it does not survive an open that fails (seen with 3.5.6), so
 * that what can be told before is looked at before. `data.mdb` need not be there.
 */
export async function checkFiles(folder: string, readOnly: boolean): Promise<void> {
  const mode = constants.R_OK | (readOnly ? 0 : constants.W_OK)
  await access(folder, mode | constants.X_OK)
  for (const name of ['data.mdb', 'lock.mdb'])
    await access(join(folder, name), mode).catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== 'ENOENT') throw error
    })
  const damage = await damageOf(join(folder, 'data.mdb'), readOnly)
  if (damage === undefined) return
  throw levelError(
    'LEVEL_CORRUPTION',
    `the LMDB database ${JSON.stringify(folder)} is damaged, or no LMDB database: its data.mdb ${damage}; restore the folder, or delete it`,
  )
}

async function damageOf(path: string, readOnly: boolean): Promise<string | undefined> {
  const file = await open(path).catch((error: unknown) => {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined
    throw error
  })
  if (file === undefined) return undefined
  try {
    const { size } = await file.stat()
    // Made, and not written to before the process ended: LMDB begins anew, if it may write.
    if (size === 0) return readOnly ? 'is empty' : undefined
    const header = Buffer.alloc(HEADER_BYTES)
    await file.read(header, 0, HEADER_BYTES, 0)
    if (header.readUInt32LE(MAGIC_AT) !== MAGIC || (header.readUInt16LE(FLAGS_AT) & META_FLAG) === 0)
      return 'does not begin as LMDB files do'
    const version = header.readUInt16LE(VERSION_AT)
    if (version !== VERSION) return `is of version ${version} of the format, expected ${VERSION}`
    const needed = META_PAGES * header.readUInt32LE(PAGE_BYTES_AT)
    return size < needed ? `has ${size} bytes, and at least ${needed} are in use` : undefined
  } finally {
    await file.close()
  }
}
