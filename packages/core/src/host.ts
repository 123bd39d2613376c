import type { Host } from './protocol.ts'

/** What the platform may have beside the language. Nothing of it is required. */
interface Platform {
  performance?: { now(): number; timeOrigin: number }
  setTimeout(f: () => void, ms: number): unknown
  clearTimeout(timer: unknown): void
  setImmediate?(f: () => void): unknown
  process?: {
    on?(signal: string, f: () => void): unknown
    off?(signal: string, f: () => void): unknown
    exit?(code: number): never
  }
}

const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const

/** The host of the platform this runs on: Node, another runtime, a browser or a bare context with timers. */
export function platformHost(platform: Platform = globalThis): Host {
  const { performance, process } = platform
  return {
    now: performance ? () => performance.timeOrigin + performance.now() : () => Date.now(),
    setTimeout(f, ms) {
      const timer = platform.setTimeout(f, ms)
      return () => platform.clearTimeout(timer)
    },
    yield: () =>
      new Promise((resolve) => {
        if (platform.setImmediate) platform.setImmediate(resolve)
        else platform.setTimeout(resolve, 0)
      }),
    onSignal(f) {
      if (!process?.on || !process.off) return () => {}
      let asked = false
      const listeners = SIGNALS.map(([signal, exitCode]) => {
        const listener = () => {
          // Whoever asks twice does not want to wait.
          if (asked) process.exit?.(exitCode)
          asked = true
          f()
        }
        process.on?.(signal, listener)
        return () => process.off?.(signal, listener)
      })
      return () => listeners.forEach((remove) => remove())
    },
  }
}
