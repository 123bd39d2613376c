import { SnapstreamError, describe } from '@snapstream/core'
import { createVirtualHost, startTestRun } from '@snapstream/core/testing'
import type { TestRun } from '@snapstream/core/testing'
import type { TopicCodecs } from '../options/topic-options.ts'
import { specOf, topicSpec } from '../options/topic-spec.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import type { Topic } from '../topic/topic.ts'
import { createQuiet } from './quiet.ts'
import { usage } from '../conf/usage.ts'
import { checkTestOptions } from './test-app-options.ts'
import type { TestAppOptions } from './test-app-options.ts'
import { recordLog } from './record-log.ts'
import { holdTopics, refuseDrivers } from './bound-topics.ts'
import { takeConf } from './take-conf.ts'
import { testBroker } from './test-broker.ts'
import type { MortalDriver } from './test-broker.ts'
import { joinGroup } from './test-member.ts'
import type { TestMember } from './test-member.ts'
import { severalNames, testTopic } from './test-topic.ts'
import type { TestTopic } from './test-topic.ts'

/**
 * An app under test: its own bindings, on a broker in memory and a virtual clock. Every call runs until the app is idle. An
 * error that ends the stream rejects the call during which it happened, else the next call, else `close`. It is reported once.
 */
export interface TestApp extends AsyncDisposable {
  /** The time of the virtual clock, in ms since the epoch. */
  readonly now: number
  /** Whether the stream runs: it was started, and has not ended, failed or been stopped. */
  readonly running: boolean
  /**
   * Starts the stream. Records that were piped before are already in their topics. Rejects with `NOTHING_BOUND`,
   * `ALREADY_RUNNING`, `USAGE` for a topic with a driver of its own, and the error that ends the stream.
   */
  start(): Promise<void>
  /** A topic to write to and read from, with the codecs of `topic`. Throws `USAGE`. */
  topic<V, K>(topic: Topic<V, K>): TestTopic<V, K>
  /** A topic to write to and read from, by its name; keys and values are strings. Throws `USAGE`. */
  topic(name: string): TestTopic<string>
  /** A topic to write to and read from, by its name, with codecs of its own. Throws `USAGE`. */
  topic<V, K = string>(name: string, codecs: TopicCodecs<V, K>): TestTopic<V, K>
  /** Runs until the app is idle. The clock does not move. */
  run(): Promise<void>
  /** Advances the clock. Checkpoints, backoffs, `interval`, `batch` and retention happen on the way, each at its time. */
  advance(ms: number): Promise<void>
  /** Ends the stream gracefully. Rejects with the error that ended it, such as `SHUTDOWN_TIMEOUT`. */
  stop(): Promise<void>
  /**
   * The process dies: no handler is called, and nothing is written, flushed or committed. A cache writes its buffer when it is
   * closed, as if the process died right after that; with `exactlyOnce` it does not. JavaScript still runs the code of a
   * handler behind the `await` it was in, and its outputs are dropped.
   */
  crash(): Promise<void>
  /** Stops the app, or crashes it, and starts it again. */
  restart(options?: {
    /** Whether the app crashes instead of stopping. @default false */
    readonly crash?: boolean
  }): Promise<void>
  /**
   * A second member, which reads nothing, joins the group of a topic: a rebalance.
   *
   * @param groupId default the group of the topic, else that of `Conf`
   */
  join<V, K>(topic: Topic<V, K>, groupId?: string): Promise<TestMember>
  /** A second member joins and leaves: two rebalances. */
  rebalance<V, K>(topic: Topic<V, K>, groupId?: string): Promise<void>
  /** Stops, and restores the driver of `Conf`. */
  close(): Promise<void>
}

/**
 * Runs an app as it is, without a real broker and without waiting. Its topics, with the settings of `Conf`, are on a broker in
 * memory of its own. A process can have one test app at a time. Throws `USAGE`.
 *
 * @example
 * await using test = createTestApp()
 * await test.start()
 * await test.topic(orders).pipe({ id: 'a', total: 3 }, { key: 'a' })
 * expect(await test.topic(invoices).read()).toMatchObject({ key: 'a' })
 */
export function createTestApp<C extends object = {}>(options: TestAppOptions<C> = {}): TestApp {
  checkTestOptions(options)
  const { app, context, partitions = 1, topics = {}, retention, startMs = 0, patienceMs = 200, ...timing } = options
  const quiet = createQuiet({
    running: () => run,
    isDue: () => host.nextAt !== undefined && host.nextAt <= host.monotonic(),
    patienceMs,
  })
  const host = createVirtualHost({ startMs, quiet })
  const broker = testBroker({ host, partitions, topics, ...(retention && { retention }) })
  const logs = new Map<string, ReturnType<typeof recordLog>>()
  let run: TestRun | undefined
  let driver: MortalDriver | undefined
  let giveBack = () => {}
  let letGo = async () => {}
  let failure: { readonly error: unknown } | undefined

  async function tell(): Promise<void> {
    const told = failure
    failure = undefined
    if (told) throw told.error
  }

  async function settle(): Promise<void> {
    await host.advance(0)
    await tell()
  }

  async function start(): Promise<void> {
    await tell()
    if (run) throw new SnapstreamError('ALREADY_RUNNING', 'the test app is running; stop it first')
    refuseDrivers(app)
    const mine = (driver = broker.createDriver())
    giveBack()
    giveBack = takeConf(mine.driver)
    letGo = await holdTopics(app, host)
    try {
      const started = (run = startTestRun({ app, host, context, ...timing }))
      const over = async (error?: { readonly error: unknown }) => {
        if (run !== started) return
        run = undefined
        failure = error
        await letGo()
      }
      started.ended.then(
        () => over(),
        (error: unknown) => over({ error }),
      )
    } catch (error) {
      await letGo()
      throw error
    }
    await settle()
  }

  async function stop(): Promise<void> {
    const stopping = run
    if (stopping) {
      stopping.stop()
      // The result is reported below.
      await host.settle(stopping.ended.catch(() => {}))
    }
    await settle()
  }

  async function crash(): Promise<void> {
    const dying = run
    run = undefined
    driver?.kill()
    dying?.kill()
    // Writes get no acknowledgement any more.
    void letGo().catch(() => {})
    await settle()
  }

  function find(topic: Topic<never, never> | string, codecs?: TopicCodecs<unknown, unknown>): TopicSpec {
    const spec = typeof topic === 'string' ? topicSpec(topic, { ...codecs }) : specOf(topic)
    if (spec) return spec
    throw usage('topic(...) takes the name of a topic or what Topic(...) made')
  }

  async function join(topic: Topic<never, never>, groupId?: string): Promise<TestMember> {
    await tell()
    return joinGroup(find(topic), groupId, broker, settle)
  }

  const test = {
    get now() {
      return host.now()
    },
    get running() {
      return run !== undefined
    },
    start,
    topic(topic: Topic<never, never> | string, codecs?: TopicCodecs<unknown, unknown>) {
      const spec = find(topic, codecs)
      const name = spec.single
      if (name === undefined) throw severalNames(spec)
      const log = logs.get(name) ?? recordLog(name, broker)
      logs.set(name, log)
      return testTopic({ spec, name, broker, host, log, run: settle, tell })
    },
    run: settle,
    async advance(ms: number) {
      await tell()
      if (!Number.isFinite(ms) || ms < 0) throw usage(`advance takes 0 ms or more, got ${describe(ms)}`)
      await host.advance(ms)
      await tell()
    },
    stop,
    crash,
    async restart({ crash: hard = false }: { readonly crash?: boolean } = {}) {
      await (hard ? crash() : stop())
      await start()
    },
    join,
    async rebalance(topic: Topic<never, never>, groupId?: string) {
      const member = await join(topic, groupId)
      await member.leave()
    },
    async close() {
      try {
        await stop()
      } finally {
        giveBack()
        giveBack = () => {}
      }
    },
    [Symbol.asyncDispose]: () => test.close(),
  }
  return test as unknown as TestApp
}
