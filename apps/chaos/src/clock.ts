import { performance } from 'node:perf_hooks'

/** In ms since the epoch, finer than `Date.now()`: all processes of one machine read the same clock, and it never goes back. */
export function clock(): number {
  return performance.timeOrigin + performance.now()
}
