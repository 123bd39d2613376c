import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createApp } from '../app.ts'
import { checkScenario } from './check-scenario.ts'
import { scenarios } from './scenario.ts'

// `npm test` does not run the long tests, and makes fewer runs here.
const RUNS = process.env['SNAPSTREAM_LEAVE_OUT']?.includes('long') ? 1000 : 10_000

test(`the engine keeps its guarantees in ${RUNS} random runs on virtual time`, { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(scenarios, async (scenario) => {
      expect(await checkScenario(createApp, scenario)).toEqual([])
    }),
    { numRuns: RUNS },
  )
})
