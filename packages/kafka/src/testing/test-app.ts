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
 * An app in the hands of a test: its own bindings, on a broker in memory and a clock that stands still. Every call runs
 * until nothing more happens. What the stream fails with rejects the call during which it failed, or the next one, and
 * `close` if there is none; it is told once.
 */
export interface TestApp extends AsyncDisposable {
  /** What the clock says, in ms since the epoch. */
  readonly now: number
  /** Whether the stream is running: it was started, and has not ended, failed or been stopped. */
  readonly running: boolean
  /**
   * Starts the stream. What was piped before is there already, as for `until: 'end'`. Rejects with `NOTHING_BOUND`,
   * `ALREADY_RUNNING`, `USAGE` for a topic that brings its own driver, and what the stream fails with.
   */
  start(): Promise<void>
  /** A topic to write to and read from; by its name with strings, or with the codecs that are given. Throws `USAGE`. */
  topic<V, K>(topic: Topic<V, K>): TestTopic<V, K>
  topic(name: string): TestTopic<string>
  topic<V, K = string>(name: string, codecs: TopicCodecs<V, K>): TestTopic<V, K>
  /** Runs until nothing more happens; the clock stands still. */
  run(): Promise<void>
  /** Moves the clock: checkpoints, backoffs, `interval`, `batch` and retention happen on the way, each at its time. */
  advance(ms: number): Promise<void>
  /** Ends the stream gracefully. Rejects with what it failed with, `SHUTDOWN_TIMEOUT` for one. */
  stop(): Promise<void>
  /**
   * The process dies: no handler is called any more and nothing is written, flushed or committed. A cache writes what it
   * has when it is closed, unless it is `exactlyOnce`: with one it is as if the process died right after that. What a handler does itself behind the
   * `await` it was in, JavaScript still does; its outputs go nowhere.
   */
  crash(): Promise<void>
  /** `stop`, or with `crash: true` `crash`, and `start`. */
  restart(options?: { readonly crash?: boolean }): Promise<void>
  /**
   * A second member, which reads nothing, joins the group of a topic: a rebalance.
   *
   * @param groupId default the group of the topic, else that of `Conf`
   */
  join<V, K>(topic: Topic<V, K>, groupId?: string): Promise<TestMember>
  /** A second member joins and leaves: two rebalances. */
  rebalance<V, K>(topic: Topic<V, K>, groupId?: string): Promise<void>
  /** `stop`, and gives back what was set with `Conf`. */
  close(): Promise<void>
}

/**
 * Runs an app as it is, without a broker and without waiting: the topics that it made, with the settings of `Conf`, on a
 * broker in memory of its own. One at a time in a process. Throws `USAGE`.
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
      // How it ended is told below; whether it ended is not for this call to say if it did not.
      await host.settle(stopping.ended.catch(() => {}))
    }
    await settle()
  }

  async function crash(): Promise<void> {
    const dying = run
    run = undefined
    driver?.kill()
    dying?.kill()
    // What was written is not acknowledged any more, and nobody waits for it.
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
