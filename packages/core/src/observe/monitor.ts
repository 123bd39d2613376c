import type { Tally, WatchedSource } from './tally.ts'
import type { Host } from '../protocol.ts'
import type { Emit, On } from './events.ts'
import { LEVELS, log } from './logger.ts'
import type { Logger } from './logger.ts'

/** Of an app: `idle` before it runs and after. */
export type State = 'idle' | 'opening' | 'running' | 'stopping'

/** The state of an app's current or last run, and its listeners. */
export interface Monitor extends Bus {
  state: State
  failed: boolean
  tallies: readonly Tally[]
  sources: readonly WatchedSource[]
  /** That of the run. */
  host?: Host
}

export function createMonitor(): Monitor {
  return { ...createBus(), state: 'idle', failed: false, tallies: [], sources: [] }
}

interface Bus {
  readonly on: On
  /** For a run with a logger, or without. */
  emitter(logger: Logger | undefined): Emit
}

function createBus(): Bus {
  const listeners = new Map<string, Set<(event: never) => unknown>>()

  return {
    on(name, listener) {
      const own = listeners.get(name) ?? new Set()
      listeners.set(name, own)
      // A function that listens twice is called twice, and each stops for itself.
      const call = (event: never) => listener(event)
      own.add(call)
      return () => void own.delete(call)
    },
    emitter(logger) {
      /** An error of a listener or logger is printed as a warning, and the stream goes on. */
      const call = (name: string, f: () => unknown) =>
        void (async () => f())().catch((error: unknown) =>
          console.warn(`snapstream: a listener of ${name} threw`, error),
        )
      return (name, make) => {
        const own = listeners.get(name)
        const output = logger ?? (LEVELS[name] === 'warn' && !own?.size ? console : undefined)
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
