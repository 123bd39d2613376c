import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { DRIVERS } from '../worker-plan.ts'
import type { Rival } from './rival.ts'

const program = fileURLToPath(new URL('snapstream-worker.ts', import.meta.url))

/** Snapstream itself under the same conditions, for comparison. */
export const snapstreamRivals: readonly Rival[] = DRIVERS.map((driver) => ({
  name: `snapstream-${driver}`,
  about: `Snapstream of this workspace with ${driver}`,
  says: 'place',
  command: async () => [process.execPath, ...process.execArgv, program, driver],
}))
