import type { Driver } from '../driver/driver.ts'
import type { TestRunner } from './harness.ts'
import type { SecureBroker } from './secure-broker.ts'
import { LIMIT_MS, acceptedTests, refusedTests } from './security-tests.ts'
import type { SecurityTests } from './security-tests.ts'

export interface SecurityConformanceOptions {
  readonly driver: Driver
  /** Asked when a test runs: the broker need not be started before. */
  readonly broker: () => SecureBroker
}

/**
 * What every driver that talks to brokers must do about TLS and SASL: let in who is right, refuse who is wrong with a
 * named error in time, and show no secret on the way. It needs a broker that listens in every way.
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
