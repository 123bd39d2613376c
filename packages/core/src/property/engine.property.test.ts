import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createApp } from '../app.ts'
import { checkScenario } from './check-scenario.ts'
import { scenarios } from './scenario.ts'

const RUNS = 10_000

test(`keeps its promises in ${RUNS} random runs on virtual time`, { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(scenarios, async (scenario) => {
      expect(await checkScenario(createApp, scenario)).toEqual([])
    }),
    { numRuns: RUNS },
  )
})
