import { describe } from '@snapstream/core'
import type { App } from '@snapstream/core'
import { closestName } from '../conf/closest-name.ts'
import { usage } from '../conf/usage.ts'
import type { Retention } from '../memory/index.ts'

export interface TestAppOptions<C extends object = {}> {
  /** Whose bindings are run. They stay bound. @default the app behind the top-level `snap` */
  readonly app?: Pick<App<C>, 'bindings'>
  /** What handlers get beside `signal` and `stop`. @default nothing */
  readonly context?: C
  /** How many partitions a topic has that is not in `topics`; at least 1. @default 1 */
  readonly partitions?: number
  /** How many partitions these have. Others are created when they are first asked for. */
  readonly topics?: Readonly<Record<string, number>>
  /** When the broker drops old records. @default they stay */
  readonly retention?: Retention
  /** What the clock says at first, in ms since the epoch. @default 0 */
  readonly startMs?: number
  /** As of `stream`, in ms. @default 1000 */
  readonly checkpointMs?: number
  /** As of `stream`, in ms. @default 25000 */
  readonly shutdownMs?: number
  /** As of `stream`, in messages. @default it does not wait for the lag */
  readonly readyLag?: number
  /**
   * How long, in ms of real time, a handler may work on something real (a database, a server) before it counts as one
   * that waits for the clock or for the test. @default 200
   */
  readonly patienceMs?: number
}

/** The least that each number may be; undefined for what is no number. */
const OPTIONS: Readonly<Record<keyof TestAppOptions, number | undefined>> = {
  app: undefined,
  context: undefined,
  partitions: 1,
  topics: undefined,
  retention: undefined,
  startMs: 0,
  checkpointMs: 1,
  shutdownMs: 0,
  readyLag: 0,
  patienceMs: 0,
}

/** Throws `USAGE`. */
export function checkTestOptions(options: Pick<TestAppOptions, 'topics'>): void {
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    if (!Object.hasOwn(OPTIONS, name)) {
      const closest = closestName(name, Object.keys(OPTIONS))
      throw usage(`createTestApp has no option ${name}${closest ? `; did you mean ${closest}?` : ''}`)
    }
    const least = OPTIONS[name as keyof TestAppOptions]
    if (least === undefined || value === undefined) continue
    if (!Number.isFinite(value) || (value as number) < least)
      throw usage(`${name} of createTestApp takes a number of ${least} or more, got ${describe(value)}`)
  }
  for (const [topic, count] of Object.entries(options.topics ?? {}))
    if (!Number.isSafeInteger(count) || count < 1)
      throw usage(`topics of createTestApp takes numbers of partitions, got ${describe(count)} for ${topic}`)
}
