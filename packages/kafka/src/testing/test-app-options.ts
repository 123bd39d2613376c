import { describe } from '@snapstream/core'
import type { App } from '@snapstream/core'
import { unknownOption, usage } from '../conf/usage.ts'
import type { LogRetention } from '../memory/index.ts'
import type { TestApp } from './test-app.ts'

export interface TestAppOptions<C extends object = {}> {
  /** The app whose bindings run. They stay bound. @default the app of the top-level `snap` */
  readonly app?: Pick<App<C>, 'bindings'>
  /** The fields that handlers get in their context beside `signal` and `stop`. @default none */
  readonly context?: C
  /**
   * A test app whose broker and clock this one shares: another process. With the same `groupId` both are members of a group.
   * Give it an app of its own, with topics of its own: call a function that makes both once for each process.
   *
   * @default a broker and a clock of its own
   */
  readonly beside?: TestApp
  /** How many partitions a topic has that is not in `topics`, from 1. @default 1 */
  readonly partitions?: number
  /** How many partitions topics have, by name. Other topics are created at their first use. */
  readonly topics?: Readonly<Record<string, number>>
  /** When the broker drops old records. @default never */
  readonly retention?: LogRetention
  /** The time of the clock at the start, in ms since the epoch. @default 0 */
  readonly startMs?: number
  /** As of `stream`, in ms. @default 1000 */
  readonly checkpointMs?: number
  /** As of `stream`, in ms. @default 25000 */
  readonly shutdownMs?: number
  /** As of `stream`, in messages. @default it does not wait for the lag */
  readonly readyLag?: number
  /**
   * How long a handler may wait for real I/O (a database, a server), in ms of real time. After that it is taken to wait for
   * the virtual clock or for the test. @default 200
   */
  readonly patienceMs?: number
}

/** The least value of each number; undefined for options that are no numbers. */
const OPTIONS: Readonly<Record<keyof TestAppOptions, number | undefined>> = {
  app: undefined,
  context: undefined,
  beside: undefined,
  partitions: 1,
  topics: undefined,
  retention: undefined,
  startMs: 0,
  checkpointMs: 1,
  shutdownMs: 0,
  readyLag: 0,
  patienceMs: 0,
}

/** The options of the broker and the clock. */
const OF_WORLD: readonly (keyof TestAppOptions)[] = ['partitions', 'topics', 'retention', 'startMs', 'patienceMs']

/** Throws `USAGE`. */
export function checkTestOptions(options: Pick<TestAppOptions, 'topics' | 'beside'>): void {
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    if (!Object.hasOwn(OPTIONS, name)) throw unknownOption('createTestApp', name, Object.keys(OPTIONS))
    const least = OPTIONS[name as keyof TestAppOptions]
    if (least === undefined || value === undefined) continue
    if (!Number.isFinite(value) || (value as number) < least)
      throw usage(`${name} of createTestApp takes a number of ${least} or more, got ${describe(value)}`)
  }
  const taken = options.beside && OF_WORLD.find((name) => options[name as 'topics'] !== undefined)
  if (taken !== undefined)
    throw usage(`createTestApp({ beside }) shares the broker and the clock of another test app, which has ${taken}`)
  for (const [topic, count] of Object.entries(options.topics ?? {}))
    if (!Number.isSafeInteger(count) || count < 1)
      throw usage(`topics of createTestApp takes numbers of partitions, got ${describe(count)} for ${topic}`)
}
