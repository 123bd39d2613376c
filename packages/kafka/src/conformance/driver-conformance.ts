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
   * Where a broker listens, `host:port` each; `[]` for a driver that has its broker in this process. Left out: the suites
   * that need no broker. They take settings and brokers that misbehave.
   */
  readonly brokers?: readonly string[]
  /** A broker that listens in every way of security. It is asked for when a test runs. Left out: no suite of security. */
  readonly secureBroker?: () => SecureBroker
  /** How many odd records go round. @default 10000 */
  readonly records?: number
}

/**
 * All that a driver must do, as tests for a runner of your choice. What the driver `supports` decides which suites it gets:
 * one in this process gets none of sockets, and none of what only a log on disk has. Each test makes topics and groups of its
 * own names and deletes the topics at its end, so that the tests can run against a broker that others use.
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
    if (!inProcess) {
      readingConformance(runner, given)
      sliceConformance(runner, given)
    }
  }
  if (secureBroker !== undefined) securityConformance(runner, { driver, broker: secureBroker })
}
