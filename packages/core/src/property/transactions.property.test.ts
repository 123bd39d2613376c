import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createApp } from '../app.ts'
import { checkTransactions } from './check-transactions.ts'
import { transactionScenarios } from './transaction-scenario.ts'
import type { TransactionScenario } from './transaction-scenario.ts'

// `npm test` does not run the long tests, and makes fewer runs here.
const RUNS = process.env['SNAPSTREAM_LEAVE_OUT']?.includes('long') ? 1000 : 10_000

/** The transaction is aborted while the last message of a source that has ended waits for its retry. */
const LAST_MESSAGE_CUT_OFF: TransactionScenario = {
  logs: [[[0]]],
  bindings: [
    {
      concurrency: 1,
      onError: 'retry',
      retries: 0,
      behaviours: [
        { handleMs: 0, outputs: 0, generator: false, handlerFails: 1, sinkFails: 0, lateFails: 0 },
        { handleMs: 0, outputs: 0, generator: false, handlerFails: 0, sinkFails: 0, lateFails: 0 },
      ],
    },
    {
      concurrency: 1,
      onError: 'stop',
      retries: 0,
      behaviours: [{ handleMs: 1, outputs: 0, generator: false, handlerFails: 0, sinkFails: 0, lateFails: 0 }],
    },
  ],
  sink: { flows: true, prepareMs: 0, flushMs: 0, abortMs: 0, aborts: [1], failAtFlush: 0 },
  openMs: [],
  reader: { batch: 1, readMs: 2, rewindMs: 0 },
  ticks: [],
  ticksAtOnce: false,
  events: [{ at: 0, kind: 'kill', log: 0, lane: 0, member: 0, tellMs: 0 }],
  members: 1,
  checkpointMs: 5,
  shutdownMs: 25_000,
}

test(`transactions keep their guarantees in ${RUNS} random runs on virtual time`, { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(transactionScenarios, async (scenario) => {
      expect(await checkTransactions(createApp, scenario)).toEqual([])
    }),
    { numRuns: RUNS, examples: [[LAST_MESSAGE_CUT_OFF]] },
  )
})
