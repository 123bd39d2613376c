import { SnapstreamError, placeIn, placeOf } from '../error.ts'
import { countAll, flightsOf, lagOf } from './health.ts'
import type { Monitor } from './monitor.ts'
import type { Runtime } from '../engine/runtime.ts'
import { note } from './tally.ts'
import type { Tally } from './tally.ts'

/** EX_TEMPFAIL of sysexits.h: what ends with it may be started again as it is. */
const STALLED_EXIT_CODE = 75
const MAX_SHOWN = 5

interface Limits {
  readonly stallMs: number
  readonly exitOnStall: boolean
}

/**
 * Looks now and then whether messages and checkpoints get on. Nothing is noted when a message is started: it is as old as
 * the first look that saw it. Returns what ends it.
 */
export function startWatchdog(
  { host, emit, fail, flushing, committing }: Runtime,
  monitor: Monitor,
  { stallMs, exitOnStall }: Limits,
): () => void {
  const { tallies } = monitor
  const everyMs = Math.min(stallMs, ...tallies.map(({ binding }) => binding.maxProcessingMs)) / 4
  let looked = host.monotonic()
  /** Stands still while the process does: what could not get on is not to blame. */
  let clock = looked
  let nextMs: number
  let cancel = () => {}

  /** Whether it has lasted for too long. Where it has not, the next look comes in time. */
  function isOver(since: number, limitMs: number): boolean {
    const leftMs = since + limitMs - clock
    if (leftMs > 0) nextMs = Math.min(nextMs, leftMs)
    return leftMs <= 0
  }

  /** The first of these, if there is one, that a checkpoint has waited for for too long: since when. */
  function hung(waiting: ReadonlyMap<unknown, number>, targets: readonly unknown[]): number | undefined {
    return targets.map((target) => waiting.get(target) ?? Infinity).find((since) => isOver(since, stallMs))
  }

  /** Answers with whether the binding has come to a standstill. */
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
      // Told once.
      cursor.watch(NaN)
    }
    const quiet = flights.length > 0 || !lag ? clock : Math.min(tally.quiet, clock)
    const oldest = flights.filter(({ since }) => since >= 0).toSorted((a, b) => a.since - b.since)
    const causes = [
      ['flush', hung(flushing, targets)],
      ['commit', hung(committing, sources)],
      ['handler', oldest.map(({ since }) => since).find((since) => isOver(since, stallMs))],
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
