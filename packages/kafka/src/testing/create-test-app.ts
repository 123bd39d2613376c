import { SnapstreamError, describe } from '@snapstream/core'
import { TEST_FOLDERS_KEY } from '@snapstream/core/adapter'
import { resetTestApp, startTestRun } from '@snapstream/core/testing'
import type { TestRun } from '@snapstream/core/testing'
import type { TopicCodecs } from '../options/topic-options.ts'
import { specOf, topicSpec } from '../options/topic-spec.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import type { Topic } from '../topic/topic.ts'
import { usage } from '../conf/usage.ts'
import { checkTestOptions } from './test-app-options.ts'
import type { TestAppOptions } from './test-app-options.ts'
import { holdTopics, takeTopics } from './bound-topics.ts'
import type { MortalDriver } from './test-broker.ts'
import { joinGroup } from './test-member.ts'
import type { TestMember } from './test-member.ts'
import { severalNames, testTopic } from './test-topic.ts'
import { createTestWorld, keepWorld, worldOf } from './test-world.ts'
import type { StartOptions, TestApp } from './test-app.ts'

/**
 * Runs an app as it is, without a real broker and without waiting. Its topics, with the settings of `Conf`, are on a broker in
 * memory of its own, and the folders of its stores are in memory. A process can have one test app at a time, and those
 * `beside` it. Throws `USAGE`.
 *
 * @example
 * await using test = createTestApp()
 * await test.start()
 * await test.topic(orders).pipe({ id: 'a', total: 3 }, { key: 'a' })
 * expect(await test.topic(invoices).read()).toMatchObject({ key: 'a' })
 */
export function createTestApp<C extends object = {}>(options: TestAppOptions<C> = {}): TestApp {
  checkTestOptions(options)
  const { app, context, beside, partitions, topics, retention, startMs, patienceMs, ...timing } = options
  const world =
    beside === undefined
      ? createTestWorld(defined({ partitions, topics, retention, startMs, patienceMs }))
      : worldOf(beside)
  const { host, broker } = world
  const process = {}
  /** By path, the folders of the process. */
  const folders = new Map<unknown, unknown>()
  let run: TestRun | undefined
  let driver: MortalDriver | undefined
  let letGo = async () => {}
  let failure: { readonly error: unknown } | undefined

  const scope = () => new Map([[TEST_FOLDERS_KEY, folders]])
  const running = () => new SnapstreamError('ALREADY_RUNNING', 'the test app is running; stop it first')

  async function tell(): Promise<void> {
    const told = failure
    failure = undefined
    if (told) throw told.error
  }

  async function settle(): Promise<void> {
    await host.advance(0)
    await tell()
  }

  /** Takes the stream off those that run. */
  function over(ended: TestRun): void {
    run = undefined
    world.runs.delete(ended)
    world.openTopics.delete(process)
  }

  async function start({ freshFolder = false }: StartOptions = {}): Promise<void> {
    await tell()
    if (run) throw running()
    takeTopics(app, process, world.openTopics)
    try {
      const mine = (driver = broker.createDriver())
      world.takeConf(process, mine.driver)
      letGo = await holdTopics(app, host)
      if (freshFolder) folders.clear()
      begin(startTestRun({ app, host, context, scope: scope(), ...timing }))
    } catch (error) {
      world.openTopics.delete(process)
      await letGo()
      throw error
    }
    await settle()
  }

  function begin(started: TestRun): void {
    run = started
    world.runs.add(started)
    const ended = async (error?: { readonly error: unknown }) => {
      if (run !== started) return
      over(started)
      failure = error
      await letGo()
    }
    started.ended.then(
      () => ended(),
      (error: unknown) => ended({ error }),
    )
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
    driver?.kill()
    if (dying) {
      over(dying)
      dying.kill()
    }
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
      return testTopic({ spec, name, broker, host, log: world.log(name), run: settle, tell })
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
    async restart({ crash: hard = false, ...options }: { readonly crash?: boolean } & StartOptions = {}) {
      await (hard ? crash() : stop())
      await start(options)
    },
    async reset({ dryRun = false }: { readonly dryRun?: boolean } = {}) {
      await tell()
      if (run) throw running()
      world.takeConf(process, broker.createDriver().driver)
      return resetTestApp({ app, scope: scope() }, dryRun)
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
        world.releaseConf(process)
      }
    },
    [Symbol.asyncDispose]: () => test.close(),
  }
  keepWorld(test, world)
  return test as unknown as TestApp
}

/** The same without members that are undefined. */
function defined<T extends object>(options: T): { [N in keyof T]?: Exclude<T[N], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never
}
