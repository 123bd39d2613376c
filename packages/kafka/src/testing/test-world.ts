import { SnapstreamError } from '@snapstream/core'
import { createVirtualHost } from '@snapstream/core/testing'
import type { TestRun, VirtualHost } from '@snapstream/core/testing'
import { Conf, confDefaults } from '../conf/conf.ts'
import { usage } from '../conf/usage.ts'
import type { Driver } from '../driver/driver.ts'
import { kafkajs } from '../kafkajs/index.ts'
import type { OpenTopics } from './bound-topics.ts'
import { createQuiet } from './quiet.ts'
import { recordLog } from './record-log.ts'
import type { RecordLog } from './record-log.ts'
import type { TestAppOptions } from './test-app-options.ts'
import { TEST_DRIVER, testBroker } from './test-broker.ts'
import type { TestBroker } from './test-broker.ts'

/** The surroundings that test apps beside each other share: a broker and a clock. Each app is a process of its own. */
export interface TestWorld {
  readonly host: VirtualHost
  readonly broker: TestBroker
  /** The streams that run. */
  readonly runs: Set<TestRun>
  /** The topics of the apps that run. */
  readonly openTopics: OpenTopics
  /** The records of a topic; all test topics of this name share them. */
  log(topic: string): RecordLog
  /** Sets a driver as that of `Conf`, for an app that starts. Throws `USAGE` if another world has `Conf`. */
  takeConf(app: object, driver: Driver): void
  /** An app has ended. The last one of them restores the former driver of `Conf`. */
  releaseConf(app: object): void
}

/** The options of the world; apps beside others get theirs from those. */
export type WorldOptions = Pick<TestAppOptions, 'partitions' | 'topics' | 'retention' | 'startMs' | 'patienceMs'>

export function createTestWorld(options: WorldOptions): TestWorld {
  const { partitions = 1, topics = {}, retention, startMs = 0, patienceMs = 200 } = options
  const runs = new Set<TestRun>()
  const quiet = createQuiet({
    runs,
    isDue: () => host.nextAt !== undefined && host.nextAt <= host.monotonic(),
    patienceMs,
  })
  const host = createVirtualHost({ startMs, quiet })
  const broker = testBroker({ host, partitions, topics, ...(retention && { retention }) })
  const logs = new Map<string, RecordLog>()
  /** The apps whose driver `Conf` has had. */
  const users = new Set<object>()
  let former: Driver | undefined

  return {
    host,
    broker,
    runs,
    openTopics: new Map(),
    log(topic) {
      const log = logs.get(topic) ?? recordLog(topic, broker)
      logs.set(topic, log)
      return log
    },
    takeConf(app, driver) {
      if (users.size === 0) {
        former = confDefaults().driver
        if (former?.name === TEST_DRIVER)
          throw new SnapstreamError(
            'USAGE',
            'another test app is open, and both want the settings of Conf; close it first, or make this one another process of it: createTestApp({ beside })',
          )
      }
      users.add(app)
      Conf({ driver })
    },
    releaseConf(app) {
      // Without a driver in `Conf` this one is the default.
      if (users.delete(app) && users.size === 0) Conf({ driver: former ?? kafkajs() })
    },
  }
}

const worlds = new WeakMap<object, TestWorld>()

export function keepWorld(app: object, world: TestWorld): void {
  worlds.set(app, world)
}

/** The world of a test app. Throws `USAGE` for other values. */
export function worldOf(app: object): TestWorld {
  const world = worlds.get(app)
  if (world !== undefined) return world
  throw usage('beside of createTestApp takes what another createTestApp returned')
}
