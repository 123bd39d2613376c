/** Time, scheduling and process signals. Feature-detected by default, virtual in tests. */
export interface Host {
  /**
   * The time of day, in whole ms since the epoch (`Date.now()`). It jumps when the system's clock is corrected: use it for
   * timestamps, and `monotonic` for durations.
   */
  now(): number
  /**
   * The ms since an arbitrary moment, with fractions if the platform has them (`performance.now()`). It never goes back: use
   * it for durations and deadlines.
   */
  monotonic(): number
  /**
   * Calls `f` after `ms` milliseconds of `monotonic`; the returned function cancels it. A wait of more than 2^31-1 ms (24.8
   * days), the limit of platform timers, ends at that limit: for longer waits check `monotonic` and wait again.
   */
  setTimeout(f: () => void, ms: number): () => void
  /** A random number of at least 0 and less than 1, for jitter. */
  random(): number
  /** Resolves after the event loop has run timers, I/O and signals. */
  yield(): Promise<void>
  /** Calls `f` when the process gets SIGINT or SIGTERM; the returned function stops listening. */
  onSignal(f: () => void): () => void
  /** Ends the process at once, on platforms that have one. */
  exit?(code: number): void
}

/** The globals that a host uses. Only the timers are required. */
interface Platform {
  performance?: { now(): number }
  setTimeout(f: () => void, ms: number): unknown
  clearTimeout(timer: unknown): void
  setImmediate?(f: () => void, argument?: unknown): unknown
  process?: {
    getBuiltinModule?(name: 'events'): { setMaxListeners(count: number, ...targets: readonly AbortSignal[]): void }
    on?(signal: string, f: (signal: string, number: number) => void): unknown
    off?(signal: string, f: (signal: string, number: number) => void): unknown
    exit?(code: number): never
  }
}

/** The longest wait of a platform's timer, in ms (24.8 days). A timer that is set for longer fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1
const SIGNALS = ['SIGINT', 'SIGTERM']

/**
 * The host of the current platform: Node, another runtime, a browser or a bare context with timers.
 *
 * @param platform the globals to use; by default `globalThis`
 */
export function platformHost(platform: Platform = globalThis): Host {
  const { process } = platform
  const clock = platform.performance ?? Date
  return {
    exit: (code) => process?.exit?.(code),
    now: () => Date.now(),
    monotonic: () => clock.now(),
    setTimeout(f, ms) {
      const timer = platform.setTimeout(f, Math.min(ms, MAX_TIMER_MS))
      return () => platform.clearTimeout(timer)
    },
    random: Math.random,
    yield: () => new Promise((resolve) => (platform.setImmediate ?? platform.setTimeout)(resolve, 0)),
    onSignal(f) {
      let asked = false
      const listener = (_: string, number: number) => {
        // A second signal ends the process at once.
        if (asked) process?.exit?.(128 + number)
        asked = true
        f()
      }
      SIGNALS.forEach((signal) => process?.on?.(signal, listener))
      return () => SIGNALS.forEach((signal) => process?.off?.(signal, listener))
    },
  }
}

/** Removes the limit on the number of listeners of these signals. Node warns of a leak at more than ten. */
export function allowListeners(...signals: readonly AbortSignal[]): void {
  const { process }: Platform = globalThis
  process?.getBuiltinModule?.('events').setMaxListeners(0, ...signals)
}
