import { SnapstreamError } from '@snapstream/core'

const PAUSE_MS = 10_000

/**
 * Passes errors on, of each code the first at once and then one each ten seconds: what is tried again several times a
 * second is to be heard of, not to drown everything else.
 */
export function rarely(
  tell: (error: Error) => void,
  now: () => number = () => performance.now(),
): (error: Error) => void {
  const toldAt = new Map<string, number>()
  return (error) => {
    const code = SnapstreamError.is(error) ? error.code : error.name
    if (now() - (toldAt.get(code) ?? -Infinity) < PAUSE_MS) return
    toldAt.set(code, now())
    tell(error)
  }
}
