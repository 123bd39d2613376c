import { SnapstreamError, causesOf, toError } from '@snapstream/core'

/** The code that abstract-level or a backend gave, which may lie in the cause of the cause. */
export function backendCode(error: unknown, codes: readonly string[]): string | undefined {
  return causesOf(error).find(({ code }) => code !== undefined && codes.includes(code))?.code
}

/** LevelDB's words for what lies beyond the end of a table, which is shorter than it has to be then. */
const CUT_OFF = /^IO error: .*\.(ldb|sst): Invalid argument$/

/** What a backend threw, with the cache's name and what was being done. */
export function backendError(thrown: unknown, name: string, doing: string): SnapstreamError {
  if (SnapstreamError.is(thrown)) return thrown
  const cause = toError(thrown)
  if (backendCode(cause, ['LEVEL_CORRUPTION']) || CUT_OFF.test(innermost(cause)))
    return new SnapstreamError(
      'CACHE_CORRUPT',
      `${name} is damaged: ${doing} failed (${reasonOf(cause)}); restore the folder, or delete it and fill the cache again`,
      { cause },
    )
  return new SnapstreamError('CACHE_FAILED', `${name}: ${doing} failed: ${reasonOf(cause)}`, { cause })
}

/** What the backend itself says; where it says nothing, what it was told. */
function reasonOf(error: Error): string {
  const said = causesOf(error).find(({ code }) => code?.startsWith('LEVEL_') && code !== 'LEVEL_DATABASE_NOT_OPEN')
  return said?.message ?? innermost(error)
}

const innermost = (error: Error): string => causesOf(error).at(-1)?.message ?? error.message
