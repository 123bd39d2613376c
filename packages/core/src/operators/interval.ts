import { isA } from '../describe.ts'
import { expectNumber, expectUsage, withDefaults } from '../error.ts'
import { allowListeners } from '../host.ts'
import { deferred } from '../adapter/promise.ts'
import type { Batch, BatchSource, ReaderOptions, SourceReader } from '../protocol.ts'

/** Options of `interval`. */
export interface IntervalOptions {
  /** Whether the first tick is due at the start, and not one interval later. @default false */
  readonly immediate?: boolean
  /** Aborting it ends the source. The stream ends with its last source. @default none */
  readonly signal?: AbortSignal | undefined
}

/** The messages of `interval`. */
export interface Tick {
  /** The number of this tick, from 1. Ticks that were skipped are counted. */
  readonly count: number
  /**
   * The time at which the tick was due, in whole ms since the epoch: the start plus a number of intervals, adjusted by
   * corrections of the system's clock since the start.
   */
  readonly timestamp: number
  /** The number of ticks that were left out just before this one, because an earlier one was still being handled. */
  readonly skipped: number
}

const DEFAULTS: Required<IntervalOptions> = { immediate: false, signal: undefined }

/**
 * A source of ticks, one every `ms` milliseconds from the time the stream opens it. Ticks do not drift. A handler that takes
 * longer than an interval then gets the latest tick, not those that it missed; `skipped` is their number. The source ends at
 * once with the stream, and commits nothing. Throws `USAGE`.
 *
 * @param ms the interval in ms, at least 1
 *
 * @example
 * snap(interval(60_000, { immediate: true }), { sink: [prices] })(() => fetchPrices())
 */
export function interval(ms: number, options: IntervalOptions = {}): BatchSource<Tick> {
  expectNumber(ms, 'the ms of interval', 1)
  const { immediate, signal } = withDefaults(DEFAULTS, options, 'interval')
  expectUsage(typeof immediate === 'boolean', 'immediate of interval', 'true or false', immediate)
  if (signal) expectUsage(isA(signal, AbortSignal), 'signal of interval', 'an AbortSignal', signal)
  return { '~snapstream.source': (run) => tickReader(ms, immediate ? 0 : ms, signal, run) }
}

function tickReader(
  ms: number,
  firstMs: number,
  signal: AbortSignal | undefined,
  { host, signal: reading }: ReaderOptions,
): SourceReader<Tick> {
  const start = host.monotonic() + firstMs
  /** The difference between the time of day and `monotonic`, in ms. */
  let epoch = host.now() - host.monotonic()
  let count = 0
  let out = 0
  let open = true
  let wake = deferred()
  let cancelTimer = () => {}

  const change = () => wake.resolve()
  const signals = [reading, signal].filter((one) => one !== undefined)
  allowListeners(...signals)
  for (const one of signals) one.addEventListener('abort', change)
  const ended = () => !open || signals.some(({ aborted }) => aborted)

  /** The time to the next tick, in ms; Infinity while a tick is being handled. */
  function leftMs(): number {
    return out > 0 ? Infinity : start + count * ms - host.monotonic()
  }

  /** Converts a time of `monotonic` to the time of day. */
  function timeOf(moment: number): number {
    // `now` has whole ms and `monotonic` fractions. Ignoring differences below 2 ms, which are rounding, keeps ticks evenly spaced.
    const behind = host.now() - host.monotonic()
    if (Math.abs(behind - epoch) >= 2) epoch = behind
    return Math.round(epoch + moment)
  }

  function tick(): Batch<Tick> {
    // The clock may be a fraction behind the timer, never a whole interval.
    const latest = Math.max(count, Math.floor((host.monotonic() - start) / ms))
    const message = { count: latest + 1, timestamp: timeOf(start + latest * ms), skipped: latest - count }
    count = latest + 1
    out++
    return {
      lane: 0,
      messages: [message],
      bytes: 0,
      timestamp: () => message.timestamp,
      position: (n) => message.count - 1 + n,
      done(n) {
        if (n === 0) return
        out--
        change()
      },
    }
  }

  return {
    async read() {
      for (let left = leftMs(); !ended() && left > 0; left = leftMs()) {
        wake = deferred()
        if (left < Infinity) cancelTimer = host.setTimeout(change, left)
        await wake.promise
        cancelTimer()
      }
      return ended() ? undefined : tick()
    },
    commit() {},
    caughtUp: (_, handled = 0) => handled === count && leftMs() > 0,
    close() {
      open = false
      for (const one of signals) one.removeEventListener('abort', change)
      change()
    },
  }
}
