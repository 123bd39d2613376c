import { SnapstreamError, placeIn, placeOf } from '../error.ts'
import { countAll, flightsOf, lagOf } from './health.ts'
import type { Monitor } from './monitor.ts'
import type { Runtime } from '../engine/runtime.ts'
import { note } from './tally.ts'
import type { Tally } from './tally.ts'

/** EX_TEMPFAIL of sysexits.h: a process that ends with it may be started again. */
const STALLED_EXIT_CODE = 75
const MAX_SHOWN = 5

interface Limits {
  readonly stallMs: number
  readonly exitOnStall: boolean
}

/**
 * Checks periodically whether messages and checkpoints make progress. Starting a message costs nothing: its age counts from
 * the first check that saw it. Returns a function that stops the watchdog.
 */
export function startWatchdog(
  { host, emit, fail, flushing, committing }: Runtime,
  monitor: Monitor,
  { stallMs, exitOnStall }: Limits,
): () => void {
  const { tallies } = monitor
  const everyMs = Math.min(stallMs, ...tallies.map(({ binding }) => binding.maxProcessingMs)) / 4
  let looked = host.monotonic()
  /** The watchdog's clock. It stops while the process is suspended, so that this time does not count. */
  let clock = looked
  let nextMs: number
  let cancel = () => {}

  /** The restored records of a binding whose lanes wait for their state, and the time of the last progress. */
  const restores = new Map<Tally, readonly [restored: string, since: number]>()

  /** Whether a wait has reached its limit. If it has not, the next check comes no later than the limit. */
  function isOver(since: number, limitMs: number): boolean {
    const leftMs = since + limitMs - clock
    if (leftMs > 0) nextMs = Math.min(nextMs, leftMs)
    return leftMs <= 0
  }

  /** The start of the first wait for one of these targets that has reached the limit, if there is one. */
  function hung(waiting: ReadonlyMap<unknown, number>, targets: readonly unknown[]): number | undefined {
    return targets.map((target) => waiting.get(target) ?? Infinity).find((since) => isOver(since, stallMs))
  }

  /** Checks one binding. Returns whether a stall has begun. */
  function watch(tally: Tally): boolean {
    const { name, maxProcessingMs, targets, sources } = tally.binding
    const lag = lagOf(tally)
    const flights = flightsOf(tally)
    for (const cursor of flights) {
      cursor.watch(Math.min(cursor.since, clock))
      if (!isOver(cursor.since, maxProcessingMs)) continue
      const place = placeOf(cursor.raw)
      const text = `${name}${placeIn(place)} has taken ${Math.round(clock - cursor.since)} ms; maxProcessingMs is ${maxProcessingMs}`
      fail(new SnapstreamError('PROCESSING_TIMEOUT', text, { binding: name, ...place }))
      // Fails only once for a message.
      cursor.watch(NaN)
    }
    const restored = tally.sources.map((source) => source.restored).join('')
    const [before, at] = restores.get(tally) ?? []
    const still = restored === '' ? Infinity : restored === before ? (at as number) : clock
    restores.set(tally, [restored, still])
    // A lane that waits for its turn waits for another source, which is watched as well.
    const starves = tally.sources.some((source) => source.lag() && source.lanes.every(({ turns }) => !turns))
    const quiet = flights.length > 0 || !starves || restored ? clock : Math.min(tally.quiet, clock)
    const oldest = flights.filter(({ since }) => since >= 0).toSorted((a, b) => a.since - b.since)
    const causes = [
      ['flush', hung(flushing, targets)],
      ['commit', hung(committing, sources)],
      ['handler', oldest.map(({ since }) => since).find((since) => isOver(since, stallMs))],
      ['restore', isOver(still, stallMs) ? still : undefined],
      ['source', isOver(quiet, stallMs) ? quiet : undefined],
    ] as const
    const [waitsFor, since = 0] = causes.find(([, since]) => since !== undefined) ?? []
    const stalled = waitsFor !== undefined && waitsFor !== tally.stalled
    note(tally, { quiet, stalled: waitsFor })
    if (stalled)
      emit('stall', () => ({
        binding: name,
        waitsFor,
        forMs: clock - since,
        lag,
        inFlight: oldest.slice(0, MAX_SHOWN).map((cursor) => ({ ...placeOf(cursor.raw), forMs: clock - cursor.since })),
      }))
    return stalled
  }

  function look(): void {
    const before = looked
    looked = host.monotonic()
    clock += Math.min(looked - before, 2 * everyMs)
    nextMs = everyMs
    for (const waiting of [flushing, committing])
      for (const [target, since] of waiting) waiting.set(target, Math.min(since, clock))
    countAll(monitor)
    const stalled = tallies.filter(watch)
    if (exitOnStall && stalled.length > 0) host.exit?.(STALLED_EXIT_CODE)
    arm(nextMs)
  }

  function arm(ms: number): void {
    cancel = host.setTimeout(look, ms)
  }

  if (everyMs < Infinity) arm(everyMs)
  return () => cancel()
}
