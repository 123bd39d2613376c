import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { DRIVERS } from '../worker-plan.ts'
import type { DriverName } from '../worker-plan.ts'
import type { Rival } from './rival.ts'

const program = fileURLToPath(new URL('snapstream-worker.ts', import.meta.url))

/** Snapstream itself under the same conditions, for comparison. */
export const snapstreamRivals: readonly Rival[] = DRIVERS.flatMap((driver) => [
  snapstream(`snapstream-${driver}`, `at least once, with ${driver}`, driver, 'at-least-once'),
  snapstream(`snapstream-${driver}-eos`, `exactly once, with ${driver}`, driver, 'exactly-once'),
])

function snapstream(name: string, how: string, driver: DriverName, guarantee: 'at-least-once' | 'exactly-once'): Rival {
  return {
    name,
    about: `Snapstream of this workspace: ${how}`,
    says: 'place',
    command: async () => [process.execPath, ...process.execArgv, program, driver, guarantee],
  }
}
