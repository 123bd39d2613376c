import { adminTests } from './admin-tests.ts'
import { backpressureTests } from './backpressure-tests.ts'
import { claimTests } from './claim-tests.ts'
import { closeTests } from './close-tests.ts'
import { groupAdminTests } from './group-admin-tests.ts'
import { groupTests } from './group-tests.ts'
import type { ConformanceOptions, TestRunner } from './harness.ts'
import { declareWith } from './harness.ts'
import { offsetTests } from './offset-tests.ts'
import { rebalanceTests } from './rebalance-tests.ts'
import { recordTests } from './record-tests.ts'
import { relayTests } from './relay-tests.ts'
import { seekTests } from './seek-tests.ts'
import { stateTests } from './state-tests.ts'
import { transactionOffsetTests } from './transaction-offset-tests.ts'
import { transactionTests } from './transaction-tests.ts'

/** The obligations of the driver port: admins, consumers alone and in groups, producers. */
export function clientConformance(runner: TestRunner, options: ConformanceOptions): void {
  const { test, concurrent = test, describe = (_, run) => run() } = runner
  const inTurn = declareWith(test, options)
  const parts = {
    adminTests,
    groupAdminTests,
    recordTests,
    offsetTests,
    seekTests,
    backpressureTests,
    groupTests,
    closeTests,
    transactionTests,
    transactionOffsetTests,
    claimTests,
    relayTests,
  }
  describe(`${options.driver.name} driver`, () => {
    for (const [name, part] of Object.entries(parts)) describe(name.replace('Tests', ''), () => part(inTurn))
    // Side by side, as two of them wait for longer than a session. The tests above measure time.
    describe('rebalance', () => rebalanceTests(declareWith(concurrent, options)))
    describe('state', () => stateTests(declareWith(concurrent, options), options.driver.supports))
  })
}
