import { SnapstreamError, causesOf, toError } from '@snapstream/core'
import { lockHolder } from './lock-holder.ts'

/** The first of these codes of abstract-level among the error and its causes. */
export function backendCode(error: unknown, codes: readonly string[]): string | undefined {
  return causesOf(error).find(({ code }) => code !== undefined && codes.includes(code))?.code
}

/** LevelDB's message for a read beyond the end of a table, which means that the table is truncated. */
const TRUNCATED = /^IO error: .*\.(ldb|sst): Invalid argument$/

/** An error of the backend as `CACHE_CORRUPT` or `CACHE_FAILED`, with the cache's name and the operation that failed. */
export function backendError(thrown: unknown, name: string, doing: string): SnapstreamError {
  if (SnapstreamError.is(thrown)) return thrown
  const cause = toError(thrown)
  if (backendCode(cause, ['LEVEL_CORRUPTION']) || TRUNCATED.test(innermost(cause)))
    return new SnapstreamError(
      'CACHE_CORRUPT',
      `${name} is damaged: ${doing} failed (${reasonOf(cause)}); restore the folder, or delete it and fill the cache again`,
      { cause },
    )
  return new SnapstreamError('CACHE_FAILED', `${name}: ${doing} failed: ${reasonOf(cause)}`, { cause })
}

/** The same for an error while opening, where another process may hold the lock: then `CACHE_LOCKED`, with its pid. */
export async function openError(
  error: unknown,
  name: string,
  path: string | undefined,
  doing = 'opening',
): Promise<SnapstreamError> {
  if (!backendCode(error, ['LEVEL_LOCKED'])) return backendError(error, name, doing)
  const pid = path === undefined ? undefined : await lockHolder(path)
  return new SnapstreamError(
    'CACHE_LOCKED',
    `${name}${path === undefined ? '' : ` (${path})`} is held by another process${pid === undefined ? '' : `, pid ${pid}`}; stop it, read a copy with the option readOnly, or give this process a folder of its own`,
    { cause: error },
  )
}

/** The message of the backend itself if it has one, else that of the innermost cause. */
function reasonOf(error: Error): string {
  const said = causesOf(error).find(({ code }) => code?.startsWith('LEVEL_') && code !== 'LEVEL_DATABASE_NOT_OPEN')
  return said?.message ?? innermost(error)
}

const innermost = (error: Error): string => causesOf(error).at(-1)?.message ?? error.message
