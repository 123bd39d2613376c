import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createApp } from '../app.ts'
import { checkScenario } from './check-scenario.ts'
import { scenarios } from './scenario.ts'

// `npm test` leaves the long tests out, and with them most of the runs.
const RUNS = process.env['SNAPSTREAM_LEAVE_OUT']?.includes('long') ? 1000 : 10_000

test(`keeps its promises in ${RUNS} random runs on virtual time`, { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(scenarios, async (scenario) => {
      expect(await checkScenario(createApp, scenario)).toEqual([])
    }),
    { numRuns: RUNS },
  )
})
