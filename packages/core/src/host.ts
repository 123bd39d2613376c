import type { Host } from './protocol.ts'

/** What the platform has beside the language: a clock and timers; the rest is used where it is there. */
interface Platform {
  performance: { now(): number; timeOrigin: number }
  setTimeout(f: () => void, ms: number): unknown
  clearTimeout(timer: unknown): void
  setImmediate?(f: () => void, argument?: unknown): unknown
  process?: {
    on?(signal: string, f: (signal: string, number: number) => void): unknown
    off?(signal: string, f: (signal: string, number: number) => void): unknown
    exit?(code: number): never
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM']

/** The host of the platform this runs on: Node, another runtime, a browser or a bare context with timers. */
export function platformHost(platform: Platform = globalThis): Host {
  const { performance, process } = platform
  return {
    exit: (code) => process?.exit?.(code),
    // Not Date: its clock may be set back, and a loop that waits for it would not yield.
    now: () => performance.timeOrigin + performance.now(),
    setTimeout(f, ms) {
      const timer = platform.setTimeout(f, ms)
      return () => platform.clearTimeout(timer)
    },
    random: Math.random,
    yield: () => new Promise((resolve) => void (platform.setImmediate ?? platform.setTimeout)(resolve, 0)),
    onSignal(f) {
      let asked = false
      const listener = (_: string, number: number) => {
        // Whoever asks twice does not want to wait.
        if (asked) process?.exit?.(128 + number)
        asked = true
        f()
      }
      SIGNALS.forEach((signal) => process?.on?.(signal, listener))
      return () => SIGNALS.forEach((signal) => process?.off?.(signal, listener))
    },
  }
}
