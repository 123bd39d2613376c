import { SnapstreamError } from '@snapstream/core'
import { Conf, confDefaults } from '../conf/conf.ts'
import type { Driver } from '../driver/driver.ts'
import { kafkajs } from '../kafkajs/index.ts'
import { TEST_DRIVER } from './test-broker.ts'

/** Sets a driver as that of `Conf`. Returns a function that restores the former one. Throws `USAGE`. */
export function takeConf(driver: Driver): () => void {
  const before = confDefaults().driver
  if (before?.name === TEST_DRIVER)
    throw new SnapstreamError('USAGE', 'another test app is open, and both want the settings of Conf; close it first')
  Conf({ driver })
  // Without a driver in `Conf` this one is the default.
  return () => Conf({ driver: before ?? kafkajs() })
}
