import { isDeepStrictEqual } from 'node:util'
import type { ResolvedSettings } from './resolve-settings.ts'

/**
 * Whether two topics can share the consumer or producer that is made with these settings. They are compared as they are: a
 * text to compare them by would have the passwords in it.
 */
export function sameSettings(one: ResolvedSettings, other: ResolvedSettings, part: 'consumer' | 'producer'): boolean {
  return (
    one.driver === other.driver &&
    isDeepStrictEqual(one.client, other.client) &&
    isDeepStrictEqual(one[part], other[part])
  )
}
