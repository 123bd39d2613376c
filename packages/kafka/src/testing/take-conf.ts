import { SnapstreamError } from '@snapstream/core'
import { Conf, confDefaults } from '../conf/conf.ts'
import type { Driver } from '../driver/driver.ts'
import { kafkajs } from '../kafkajs/index.ts'
import { TEST_DRIVER } from './test-broker.ts'

/** Puts a driver in the place of the one that `Conf` has; answers how to put that back. Throws `USAGE`. */
export function takeConf(driver: Driver): () => void {
  const before = confDefaults().driver
  if (before?.name === TEST_DRIVER)
    throw new SnapstreamError('USAGE', 'another test app is open, and both want the settings of Conf; close it first')
  Conf({ driver })
  // Nothing set is the same as this one.
  return () => Conf({ driver: before ?? kafkajs() })
}
