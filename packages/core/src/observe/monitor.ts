import type { Tally, WatchedSource } from './tally.ts'
import type { Host } from '../host.ts'
import type { LaneState } from '../protocol.ts'
import type { Emit, On } from './events.ts'
import { LATE_MS, LEVELS, log } from './logger.ts'
import type { Logger } from './logger.ts'
import type { EngineProbe } from './probe.ts'

/** The state of an app: `idle` before and after a run. */
export type State = 'idle' | 'opening' | 'running' | 'stopping'

/** The state of an app's current or last run, and its listeners. */
export interface Monitor extends Bus {
  state: State
  failed: boolean
  tallies: readonly Tally[]
  sources: readonly WatchedSource[]
  /** The states of its sinks. */
  states: Pick<LaneState, 'restoring'>[]
  /** The host of the run. */
  host?: Host
  /** Of runs that begin later; see `addProbe`. */
  probe?: EngineProbe | undefined
}

export function createMonitor(): Monitor {
  return { ...createBus(), state: 'idle', failed: false, tallies: [], sources: [], states: [] }
}

interface Bus {
  readonly on: On
  /** Makes the emitter of a run, which may have a logger. */
  emitter(logger: Logger | undefined, host: Host): Emit
}

function createBus(): Bus {
  const listeners = new Map<string, Set<(event: never) => unknown>>()

  return {
    on(name, listener) {
      const own = listeners.get(name) ?? new Set()
      listeners.set(name, own)
      // A function that is added twice is called twice, and is removed once for each.
      const call = (event: never) => listener(event)
      own.add(call)
      return () => void own.delete(call)
    },
    emitter(logger, host) {
      let lateAt = -Infinity
      /** An error of a listener or logger is printed as a warning, and the stream goes on. */
      const call = (name: string, f: () => unknown) =>
        void (async () => f())().catch((error: unknown) =>
          console.warn(`snapstream: a listener of ${name} threw`, error),
        )
      return (name, make) => {
        const own = listeners.get(name)
        let output = logger ?? (LEVELS[name] === 'warn' && !own?.size ? console : undefined)
        if (output && name === 'late') {
          const now = host.monotonic()
          if (now < lateAt + LATE_MS) output = undefined
          else lateAt = now
        }
        if (!output && !own?.size) return
        const event = make()
        if (output) call(name, () => log(output, name, event as object))
        // A copy: a listener that is added meanwhile gets the next event.
        const told = [...(own ?? [])]
        for (const listener of told) call(name, () => listener(event as never))
      }
    },
  }
}
