import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createApp } from '../app.ts'
import { checkTransactions } from './check-transactions.ts'
import { transactionScenarios } from './transaction-scenario.ts'

// `npm test` does not run the long tests, and makes fewer runs here.
const RUNS = process.env['SNAPSTREAM_LEAVE_OUT']?.includes('long') ? 1000 : 10_000

test(`transactions keep their guarantees in ${RUNS} random runs on virtual time`, { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(transactionScenarios, async (scenario) => {
      expect(await checkTransactions(createApp, scenario)).toEqual([])
    }),
    { numRuns: RUNS },
  )
})
