import { SnapstreamError, describe } from '@snapstream/core'

/** What one entry has for itself. */
export interface EntryOptions {
  /**
   * After how long the entry ends, in milliseconds from when it is written; `Infinity`: never.
   *
   * @default the `ttlMs` of the cache
   */
  readonly ttlMs?: number | undefined
}

/** The last moment that an index of six bytes can hold, in the year 10889. */
const LAST = 2 ** 48 - 1

/** When an entry ends that is written now, in whole ms since the epoch; 0: never. Throws `USAGE`. */
export function expiryOf(ttlMs: number, now: () => number): number {
  if (ttlMs === Infinity) return 0
  if (!(typeof ttlMs === 'number' && ttlMs > 0))
    throw new SnapstreamError('USAGE', `ttlMs is a number of milliseconds above 0, got ${describe(ttlMs)}`)
  return Math.min(Math.ceil(now() + ttlMs), LAST)
}

/** The `ttlMs` of an entry, or of the cache. Throws `USAGE`. */
export function ttlOf(options: EntryOptions | undefined, ofCache: number): number {
  if (options === undefined) return ofCache
  const unknown =
    typeof options === 'object' && options !== null ? Object.keys(options).find((name) => name !== 'ttlMs') : ''
  if (unknown !== undefined)
    throw new SnapstreamError(
      'USAGE',
      `the options of an entry are { ttlMs }, got ${unknown === '' ? describe(options) : `"${unknown}"`}`,
    )
  return options.ttlMs ?? ofCache
}

/** Whether what ends then has ended. */
export function hasEnded(expiresAt: number, now: () => number): boolean {
  return expiresAt !== 0 && expiresAt <= now()
}
