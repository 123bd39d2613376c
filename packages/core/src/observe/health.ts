import type { RestoreProgress } from '../protocol.ts'
import type { Monitor, State } from './monitor.ts'
import { note } from './tally.ts'
import type { Flight, Tally } from './tally.ts'

/** The health of one binding. The counts are those of the run, and stay until the next run begins. */
export interface BindingHealth {
  /** The name of the binding. */
  readonly name: string
  /** The state of the app; while that is running also `stalled` (see `stallMs`), and `ended` once all its sources have ended. */
  readonly state: State | 'stalled' | 'ended'
  /** The number of messages that all bindings of its sources still have to handle; undefined if it is not known. */
  readonly lag: number | undefined
  /** The number of messages that were started and are not finished, including those that wait for a retry. */
  readonly inFlight: number
  /** The number of finished messages, including skipped and dead-lettered ones. */
  readonly handled: number
  /** The number of retries. */
  readonly retried: number
  /** The number of messages that `onError` skipped. */
  readonly skipped: number
  /** The number of messages that went to the dead letter sink. */
  readonly deadLettered: number
  /** The number of messages that were older than the event time allows. They count as handled, too. */
  readonly late: number
  /** The number of aborted transactions in which it wrote. Their messages are handled again, and count again. */
  readonly aborted: number
  /** The last error, even if a retry succeeded later; undefined before the first. */
  readonly lastError:
    | {
        /** The error. */
        readonly error: Error
        /** The time of the error, in ms since the epoch. */
        readonly at: number
      }
    | undefined
  /** The time at which a checkpoint, the watchdog or `health` last saw progress, in ms since the epoch; undefined before that. */
  readonly lastProgress: number | undefined
}

/** The health of an app. */
export interface Health {
  /** False after the stream has failed, until it runs again, and while a binding is stalled: a restart may help. */
  readonly live: boolean
  /**
   * Everything is open, and the end has not begun. Each source has been assigned lanes, or told that it gets none, and at some
   * call of `health` the state of its lanes was restored and its lag at most `readyLag`; later restores and a larger lag do not
   * change that.
   */
  readonly ready: boolean
  /** `idle` before and after a run, `opening`, `running` or `stopping`. */
  readonly state: State
  /** One entry for each binding, in the order of the calls of `snap`. */
  readonly bindings: readonly BindingHealth[]
  /** The parts of stores that are being restored. */
  readonly stores: readonly RestoreProgress[]
}

export function healthOf(monitor: Monitor): Health {
  const { state, failed, tallies, sources, states } = monitor
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
    stores: states.flatMap((state) => state.restoring()),
  }
}

/** Brings counts and times of progress up to date. */
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
