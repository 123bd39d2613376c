import { SnapstreamError } from '@snapstream/core'

const PAUSE_MS = 10_000

/**
 * Passes errors on, at most one of each code in ten seconds, so that a request that is retried several times a second does
 * not flood the log.
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
