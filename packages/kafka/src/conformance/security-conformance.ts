import type { Driver } from '../driver/driver.ts'
import type { TestRunner } from './harness.ts'
import type { SecureBroker } from './secure-broker.ts'
import { LIMIT_MS, acceptedTests, refusedTests } from './security-tests.ts'
import type { SecurityTests } from './security-tests.ts'

export interface SecurityConformanceOptions {
  readonly driver: Driver
  /** Called when a test runs. The broker need not be started before. */
  readonly broker: () => SecureBroker
}

/**
 * TLS and SASL over a driver: the right credentials connect, wrong ones get a named error in time, and no output shows a
 * secret. It needs a broker that listens with every security protocol.
 */
export function securityConformance(runner: TestRunner, { driver, broker }: SecurityConformanceOptions): void {
  const { test, describe = (_, run) => run() } = runner
  const declare = (name: string, run: () => Promise<void>) => test(name, run, 30_000)
  const options: SecurityTests = {
    broker,
    conf: (at, more) => ({
      driver,
      brokers: broker().addresses[at],
      sslCa: broker().ca,
      connectTimeoutMs: LIMIT_MS / 2,
      ...more,
    }),
  }
  describe(`security of the ${driver.name} driver`, () => {
    describe('lets in', () => acceptedTests(declare, options))
    describe('refuses', () => refusedTests(declare, options))
  })
}
