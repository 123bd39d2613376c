import { platformHost } from '../host.ts'
import type { Host } from '../host.ts'

/** A host whose clock moves only when a test moves it, so that a whole app runs the same way every time. */
export interface VirtualHost extends Host {
  /** Moves the clock by `ms` milliseconds and fires the timers on the way in order. Waits for `quiet` after each of them. */
  advance(ms: number): Promise<void>
  /**
   * Moves the clock from timer to timer until the promise settles, and settles like it. Rejects if that takes more than
   * `limitMs` of virtual time (an hour by default), or if no timer is set.
   */
  settle<T>(pending: Promise<T>, limitMs?: number): Promise<T>
  /** Steps the time of day by `ms`, which may be negative, like a correction of the system's clock. Timers are not affected. */
  correct(ms: number): void
  /** Tells the app to end, as SIGTERM does. */
  signal(): void
  /** The number of timers that are set. */
  readonly timers: number
  /** The due time of the first timer, by `monotonic`; undefined without timers. */
  readonly nextAt: number | undefined
}

/** Options of `createVirtualHost`. */
export interface VirtualHostOptions {
  /** The time of day at the start, in ms since the epoch. @default 0 */
  readonly startMs?: number
  /** The result of the host's `random`. @default 0: a wait with jitter takes all of its time */
  readonly random?: () => number
  /**
   * Awaited before the clock moves and after every timer. Resolves when pending work in real time is finished.
   *
   * @default waits until all due promise reactions have run
   */
  readonly quiet?: () => Promise<void>
}

interface Timer {
  readonly at: number
  readonly order: number
  readonly f: () => void
}

/** Makes a host with a clock of its own, for one test. */
export function createVirtualHost({
  startMs = 0,
  random = () => 0,
  quiet = platformHost().yield,
}: VirtualHostOptions = {}): VirtualHost {
  let now = 0
  /** The time of day at `now` 0. */
  let epoch = startMs
  let order = 0
  const timers = new Set<Timer>()
  const listeners = new Set<() => void>()

  function schedule(f: () => void, ms: number) {
    const timer = { at: now + ms, order: order++, f }
    timers.add(timer)
    return () => void timers.delete(timer)
  }

  function first(): Timer | undefined {
    let best: Timer | undefined
    for (const timer of timers)
      if (best === undefined || timer.at < best.at || (timer.at === best.at && timer.order < best.order)) best = timer
    return best
  }

  async function fire(timer: Timer) {
    now = Math.max(now, timer.at)
    timers.delete(timer)
    timer.f()
    await quiet()
  }

  return {
    now: () => Math.floor(epoch + now),
    monotonic: () => now,
    setTimeout: schedule,
    random,
    yield: () => new Promise((resolve) => schedule(resolve, 0)),
    onSignal(f) {
      listeners.add(f)
      return () => void listeners.delete(f)
    },
    correct: (ms) => void (epoch += ms),
    signal: () => listeners.forEach((f) => f()),
    get timers() {
      return timers.size
    },
    get nextAt() {
      return first()?.at
    },
    async advance(ms) {
      const until = now + ms
      await quiet()
      for (let timer = first(); timer !== undefined && timer.at <= until; timer = first()) await fire(timer)
      now = until
    },
    async settle<T>(pending: Promise<T>, limitMs = 3_600_000): Promise<T> {
      let settled = false
      const mark = () => (settled = true)
      pending.then(mark, mark)
      const limit = now + limitMs
      await quiet()
      while (!settled) {
        const timer = first()
        if (timer === undefined) throw new Error('nothing is scheduled, and the promise has not settled')
        if (timer.at > limit) throw new Error(`the promise has not settled within ${limitMs} ms of virtual time`)
        await fire(timer)
      }
      return pending
    },
  }
}
