import { statfs } from 'node:fs/promises'

/** The error codes of an `LmdbLevel`: those of abstract-level, else those of classic-level. */
export type LevelErrorCode =
  | 'LEVEL_CONFLICT'
  | 'LEVEL_CORRUPTION'
  | 'LEVEL_INVALID_KEY'
  | 'LEVEL_IO_ERROR'
  | 'LEVEL_NOT_SUPPORTED'

/** An error with a code, as in all databases of the abstract-level family. */
export function levelError(code: LevelErrorCode, message: string, cause?: unknown): Error & { code: LevelErrorCode } {
  return Object.assign(new Error(message, cause === undefined ? undefined : { cause }), { code })
}

/** LMDB's codes for a damaged file: unexpected page type, missing page, other version, no LMDB file. */
const CORRUPTED = new Set<unknown>([-30_796, -30_797, -30_794, -30_793])
/** A partially written page is EIO (5). */
const NO_SPACE = new Set<unknown>([28, 5, 'ENOSPC', 'EDQUOT'])
const READERS_FULL = -30_790

/** An error of `lmdb` or the file system as one that names the database, the operation and what to do. */
export function toLevelError(thrown: unknown, location: string, doing: string, leftBytes?: number): Error {
  const { code, message } = thrown as { code?: unknown; message?: unknown }
  if (typeof code === 'string' && code.startsWith('LEVEL_')) return thrown as Error
  const what = `the LMDB database ${JSON.stringify(location)}`
  if (CORRUPTED.has(code))
    return levelError(
      'LEVEL_CORRUPTION',
      `${what} is damaged, or is no LMDB database: ${doing} failed (${String(message)}); restore the folder, or delete it`,
      thrown,
    )
  return levelError('LEVEL_IO_ERROR', `${what}: ${doing} failed: ${String(message)}${hint(code, leftBytes)}`, thrown)
}

function hint(code: unknown, leftBytes: number | undefined): string {
  if (NO_SPACE.has(code))
    return `; make room, or use another disk${leftBytes === undefined ? '' : ` (this one has ${leftBytes} bytes left)`}`
  if (code === READERS_FULL) return '; close snapshots and iterators, or open it with a higher maxReaders'
  return ''
}

/** The same for a rejected write, whose reason `lmdb` has in a promise that is rejected a moment later. */
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
