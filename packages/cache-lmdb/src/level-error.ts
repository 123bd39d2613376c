import { statfs } from 'node:fs/promises'

/** The codes of the errors of an `LmdbLevel`: those of abstract-level, and of classic-level where that has none. */
export type LevelErrorCode =
  | 'LEVEL_CONFLICT'
  | 'LEVEL_CORRUPTION'
  | 'LEVEL_INVALID_KEY'
  | 'LEVEL_IO_ERROR'
  | 'LEVEL_NOT_SUPPORTED'

/** An error as databases of the abstract-level family give it: with a code. */
export function levelError(code: LevelErrorCode, message: string, cause?: unknown): Error & { code: LevelErrorCode } {
  return Object.assign(new Error(message, cause === undefined ? undefined : { cause }), { code })
}

/** What LMDB says of a file that is not what it wrote: a page of another kind, no page, another version, no LMDB file. */
const CORRUPTED = new Set<unknown>([-30_796, -30_797, -30_794, -30_793])
/** What LMDB says where a page was written in part is EIO. */
const NO_SPACE = new Set<unknown>([28, 5, 'ENOSPC', 'EDQUOT'])
const READERS_FULL = -30_790

/** What `lmdb` or the file system threw, as an error that says where, while doing what, and what to do. */
export function toLevelError(thrown: unknown, location: string, doing: string, leftBytes?: number): Error {
  const { code, message } = thrown as { code?: unknown; message?: unknown }
  if (typeof code === 'string' && code.startsWith('LEVEL_')) return thrown as Error
  const what = `the LMDB database ${JSON.stringify(location)}`
  if (CORRUPTED.has(code))
    return levelError(
      'LEVEL_CORRUPTION',
      `${what} is damaged, or no LMDB database: ${doing} failed (${String(message)}); restore the folder, or delete it`,
      thrown,
    )
  return levelError('LEVEL_IO_ERROR', `${what}: ${doing} failed: ${String(message)}${hint(code, leftBytes)}`, thrown)
}

function hint(code: unknown, leftBytes: number | undefined): string {
  if (NO_SPACE.has(code))
    return `; make room, or give it another disk${leftBytes === undefined ? '' : ` (this one has ${leftBytes} bytes left)`}`
  if (code === READERS_FULL) return '; close snapshots and iterators, or open it with a higher maxReaders'
  return ''
}

/** The same of what `lmdb` rejects a write with: it keeps the reason in a promise that is rejected a moment later. */
export async function translateError(rejected: unknown, location: string, doing: string): Promise<Error> {
  const { commitError } = rejected as { commitError?: PromiseLike<unknown> }
  let reason = rejected
  if (commitError !== undefined)
    try {
      await commitError
    } catch (error) {
      reason = error
    }
  const { code } = reason as { code?: unknown }
  const disk = NO_SPACE.has(code) ? await statfs(location).catch(() => undefined) : undefined
  return toLevelError(reason, location, doing, disk && disk.bavail * disk.bsize)
}
