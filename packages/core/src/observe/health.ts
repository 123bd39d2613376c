import type { Monitor, State } from './monitor.ts'
import { note } from './tally.ts'
import type { Flight, Tally } from './tally.ts'

/** How one binding is doing. The counts are those of the run, and stay after its end until the next. */
export interface BindingHealth {
  readonly name: string
  /** That of the app; while it is running also `stalled` (see `stallMs`), and `ended` once all its sources have. */
  readonly state: State | 'stalled' | 'ended'
  /** How many messages its sources know to be still to be handled, by all bindings that read them; undefined: they do not. */
  readonly lag: number | undefined
  /** How many messages were started and are not finished; those that wait for their retry are. */
  readonly inFlight: number
  /** How many messages it is through with, those that were skipped or dead-lettered included. */
  readonly handled: number
  /** How many retries there were. */
  readonly retried: number
  readonly skipped: number
  readonly deadLettered: number
  /** What failed last, be it repaired since or not, and when, in ms since the epoch. */
  readonly lastError: { readonly error: Error; readonly at: number } | undefined
  /** When it was last seen to have handled something, in ms since the epoch; as exact as checkpoints are frequent. */
  readonly lastProgress: number | undefined
}

/** How an app is doing. */
export interface Health {
  /** False when the stream has failed, until it runs again, and while a binding is stalled: a restart may help. */
  readonly live: boolean
  /**
   * Everything is opened, and the end has not begun. Each source has been assigned something to read, or told that nothing
   * is left for it, and was at most `readyLag` behind at a call of `health`; what it is afterwards does not change that.
   */
  readonly ready: boolean
  readonly state: State
  readonly bindings: readonly BindingHealth[]
}

export function healthOf(monitor: Monitor): Health {
  const { state, failed, tallies, sources } = monitor
  countAll(monitor)
  return {
    live: !failed && tallies.every(({ stalled }) => !stalled),
    ready: state === 'running' && sources.every((source) => source.ready),
    state,
    bindings: tallies.map((tally) => {
      const { binding, stalled, sources, seen: _, quiet: __, ...counts } = tally
      const ended = state === 'running' && sources.every((source) => source.ended)
      return {
        name: binding.name,
        state: stalled ? 'stalled' : ended ? 'ended' : state,
        lag: lagOf(tally),
        inFlight: flightsOf(tally).length,
        ...counts,
      }
    }),
  }
}

/** Brings the counts, and when there was progress, up to date. */
export function countAll({ tallies, sources, host }: Monitor): void {
  for (const { lanes } of sources) for (const lane of lanes) lane.count()
  for (const tally of tallies)
    if (tally.handled > tally.seen) note(tally, { seen: tally.handled, lastProgress: host!.now(), quiet: Infinity })
}

export function lagOf({ sources }: Tally): number | undefined {
  const lags = sources.flatMap((source) => source.lag() ?? [])
  return lags.length > 0 ? lags.reduce((sum, lag) => sum + lag) : undefined
}

/** The messages that a binding has in flight. */
export function flightsOf(tally: Tally): Flight[] {
  return tally.sources.flatMap(({ lanes }) =>
    lanes.flatMap(({ cursors }) => [...cursors].filter((cursor) => cursor.tally === tally && cursor.since !== -1)),
  )
}
