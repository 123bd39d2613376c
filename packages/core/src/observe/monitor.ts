import { createBus } from './bus.ts'
import type { Bus } from './bus.ts'
import type { State } from './health.ts'
import type { Host } from '../protocol.ts'
import type { SourceRun } from '../engine/source-run.ts'
import type { Tally } from '../engine/tally.ts'

/** What an app shows of its run, or of the last one, and whom it tells. */
export interface Monitor extends Bus {
  state: State
  failed: boolean
  tallies: readonly Tally[]
  sources: readonly SourceRun[]
  /** That of the run. */
  host?: Host
}

export function createMonitor(): Monitor {
  return { ...createBus(), state: 'idle', failed: false, tallies: [], sources: [] }
}
