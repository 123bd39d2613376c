import { changelogConformance } from './changelog-conformance.ts'
import { clientConformance } from './client-conformance.ts'
import type { ConformanceOptions, TestRunner } from './harness.ts'
import { hostileConformance } from './hostile-conformance.ts'
import { readingConformance } from './reading-conformance.ts'
import { replayConformance } from './replay-conformance.ts'
import type { SecureBroker } from './secure-broker.ts'
import { securityConformance } from './security-conformance.ts'
import { settingsConformance } from './settings-conformance.ts'
import { sliceConformance } from './slice-conformance.ts'
import { valueConformance } from './value-conformance.ts'
import { writingConformance } from './writing-conformance.ts'

export interface DriverConformanceOptions extends Omit<ConformanceOptions, 'brokers'> {
  /**
   * Where a broker listens, `host:port` each; `[]` for a driver that has its broker in this process. Without it, only the
   * suites run that need no broker: settings, and fake brokers that misbehave.
   */
  readonly brokers?: readonly string[]
  /** A broker that listens with every security protocol. A test asks for it when it runs. Without it, no security suite runs. */
  readonly secureBroker?: () => SecureBroker
  /** How many odd records are written, read, forwarded and replayed. @default 10000 */
  readonly records?: number
}

/**
 * Declares the tests of all that a driver must do, for a test runner of your choice. `driver.supports` decides which suites
 * run: a driver in this process gets none about sockets, nor those that need a log on disk. Each test makes topics and groups
 * with names of its own and deletes the topics at its end, so that the broker may be shared.
 *
 * @example
 * import { describe, test } from 'vitest'
 * driverConformance({ test, describe }, { driver: myDriver() })
 * driverConformance({ test, describe }, { driver: myDriver(), brokers: ['localhost:9092'] })
 */
export function driverConformance(runner: TestRunner, options: DriverConformanceOptions): void {
  const { driver, brokers, secureBroker, records, ...waits } = options
  const { inProcess } = driver.supports
  if (brokers === undefined || inProcess) {
    settingsConformance(runner, driver)
    if (!inProcess) hostileConformance(runner, driver)
  }
  if (brokers !== undefined) {
    const given = { driver, brokers, ...waits }
    clientConformance(runner, given)
    valueConformance(runner, records === undefined ? given : { ...given, records })
    writingConformance(runner, given)
    replayConformance(runner, given)
    changelogConformance(runner, given)
    if (!inProcess) {
      readingConformance(runner, given)
      sliceConformance(runner, given)
    }
  }
  if (secureBroker !== undefined) securityConformance(runner, { driver, broker: secureBroker })
}
