import { SnapstreamError, createApp } from '@snapstream/core'
import { createVirtualHost, startTestRun } from '@snapstream/core/testing'
import type { TestRun, VirtualHost } from '@snapstream/core/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Driver, TransactionalProducerSettings } from '../driver/driver.ts'
import { topicSpec } from '../options/topic-spec.ts'
import { partitionOf } from '../producer/partitioner.ts'
import { Topic } from '../topic/topic.ts'
import { recordLog } from './record-log.ts'
import { testBroker } from './test-broker.ts'
import type { TestBroker } from './test-broker.ts'

const GROUP = 'g'
const RETRIES = 2
/** Requests at which a process may have a fault. */
const REQUESTS = [
  'send',
  'sendOffsets',
  'commit',
  'abort',
  'commitIn',
  'transactionalProducer',
  'consumer',
  'committed',
] as const
const NEVER = new Promise<never>(() => {})

/** A process, by its place among those that run. */
const which = fc.nat(2)

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('pipe'), keys: fc.array(fc.nat(5), { minLength: 1, maxLength: 8 }) }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('advance'), ms: fc.integer({ min: 1, max: 400 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('start'), isStatic: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('kill', 'stop'), which }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('fault'),
      which,
      request: fc.constantFrom(...REQUESTS),
      /** Which request of this kind it is, from now on. */
      nth: fc.integer({ min: 1, max: 3 }),
      /** The process dies before the request reaches the broker, or after; or another producer takes its id. */
      fault: fc.constantFrom('death before', 'death after', 'fence'),
    }),
  },
)

const plan = fc.record({
  steps: fc.array(step, { minLength: 10, maxLength: 40, size: 'max' }),
  partitions: fc.integer({ min: 1, max: 4 }),
  /** By input, how many tries of its handler fail; more than `RETRIES` in a row make it a dead letter. */
  failures: fc.array(fc.integer({ min: 0, max: RETRIES + 2 }), { minLength: 1, maxLength: 5 }),
  /** By input, how long its handler takes at the first try. */
  workMs: fc.array(fc.constantFrom(0, 0, 1, 30, 200), { minLength: 1, maxLength: 5 }),
  concurrency: fc.constantFrom(1, 3),
  lingerMs: fc.constantFrom(0, 10),
  transactionMs: fc.constantFrom(1, 50, 100),
  /** Shorter than some work: such a member loses its partitions in a rebalance. */
  rebalanceTimeoutMs: fc.constantFrom(100, 60_000),
})

type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never
type Fault = Extract<Plan['steps'][number], { readonly fault: unknown }>

/** A process that runs the app, until it is stopped or dies. */
interface Process {
  readonly name: string
  readonly isRunning: boolean
  readonly error: unknown
  /** Has a fault at a request to come. */
  failAt(fault: Fault): void
  kill(): void
  stop(): void
}

/** What all processes share. */
interface World {
  readonly host: VirtualHost
  readonly broker: TestBroker
  readonly plan: Plan
  /** By input, how often a handler was called with it. */
  readonly tries: Map<string, number>
}

function startProcess(name: string, isStatic: boolean, given: World): Process {
  const { host, broker, tries } = given
  const { failures, workMs, concurrency, lingerMs, transactionMs, rebalanceTimeoutMs } = given.plan
  const mortal = broker.createDriver()
  let fault: { readonly at: Fault; left: number } | undefined
  let producerSettings: TransactionalProducerSettings | undefined
  let run: TestRun | undefined
  let isStopping = false
  let error: unknown

  function kill(): void {
    mortal.kill()
    run?.kill()
    run = undefined
  }

  /** A request of the process, which may be its last one. */
  function request<T>(kind: string, args: readonly unknown[], send: () => T): T {
    if (kind === 'transactionalProducer') producerSettings = args[0] as TransactionalProducerSettings
    const now = fault?.at.request === kind && --fault.left === 0 ? fault.at.fault : undefined
    if (now === 'death before') kill()
    if (now === 'fence' && producerSettings) void broker.client.transactionalProducer(producerSettings)
    const answer = send()
    if (now !== 'death after') return answer
    kill()
    return NEVER as T
  }

  const conf = {
    driver: watched(mortal.driver, request),
    lingerMs,
    transactionMs,
    rebalanceTimeoutMs,
    ...(isStatic && { groupInstanceId: name }),
  }
  const exactlyOnce = (topic: string) => Topic(topic, { exactlyOnce: true, conf })
  const app = createApp()
  app.snap(Topic('in', { groupId: GROUP, conf }), {
    sink: [exactlyOnce('out'), exactlyOnce('copy')],
    concurrency,
    key: ({ key }) => key,
    onError: { retries: RETRIES, backoffMs: 5, deadLetter: exactlyOnce('dead') },
  })(async function* twice({ key, value }) {
    const n = Number(value)
    const count = (tries.get(value) ?? 0) + 1
    tries.set(value, count)
    const ms = count === 1 ? (workMs[n % workMs.length] ?? 0) : 0
    yield [key, `${value}a`] as const
    if (ms > 0) await new Promise<void>((resolve) => void host.setTimeout(resolve, ms))
    if (count <= (failures[n % failures.length] ?? 0)) throw new Error('not yet')
    yield [key, `${value}b`] as const
  })
  const started = (run = startTestRun({ app, host }))
  started.ended.then(
    () => (run = undefined),
    (thrown: unknown) => {
      run = undefined
      // A stream that is told to end does not handle the messages of its last transaction again.
      const isAborted = SnapstreamError.is(thrown) && ['FENCED', 'TRANSACTION_ABORTED'].includes(thrown.code)
      if (!isStopping || !isAborted) error = thrown
    },
  )
  return {
    name,
    get isRunning() {
      return run !== undefined
    },
    get error() {
      return error
    },
    failAt: (at) => (fault = { at, left: at.nth }),
    kill,
    stop() {
      isStopping = true
      run?.stop()
    },
  }
}

type Watch = <T>(kind: string, args: readonly unknown[], send: () => T) => T

/** The driver with a call of `request` for each request in `REQUESTS`. */
function watched(driver: Driver, request: Watch): Driver {
  const watchedParts = <T extends object>(part: T): T =>
    Object.fromEntries(
      Object.entries(part).map(([name, member]: [string, unknown]) => [
        name,
        typeof member === 'function' && (REQUESTS as readonly string[]).includes(name)
          ? (...args: unknown[]): unknown =>
              request(name, args, () => {
                const answer: unknown = member.apply(part, args)
                const opens = name === 'consumer' || name === 'transactionalProducer'
                return opens ? (answer as Promise<object>).then(watchedParts) : answer
              })
          : member,
      ]),
    ) as T
  return { ...driver, client: (settings) => watchedParts(driver.client(settings)) }
}

async function play(given: Plan) {
  const host = createVirtualHost()
  const broker = testBroker({ host, partitions: given.partitions, topics: {} })
  const admin = await broker.client.admin()
  const producer = await broker.client.producer({ acks: -1, compression: 'none', idempotence: false })
  const processes: Process[] = []
  const world: World = { host, broker, plan: given, tries: new Map() }
  const inputs: string[] = []
  const outputs = { out: [] as Output[], copy: [] as Output[], dead: [] as Output[] }
  const logs = { out: recordLog('out', broker), copy: recordLog('copy', broker), dead: recordLog('dead', broker) }
  const running = () => processes.filter(({ isRunning }) => isRunning)
  let nextFault: Fault | undefined

  function start(isStatic: boolean): void {
    const free = ['s0', 's1'].find((name) => isStatic && !running().some((other) => other.name === name))
    const started = startProcess(free ?? `p${processes.length}`, free !== undefined, world)
    if (nextFault) started.failAt(nextFault)
    nextFault = undefined
    processes.push(started)
  }

  async function pipe(keys: readonly number[]): Promise<void> {
    for (const key of keys) {
      const record = { key: `k${key}`, value: `${inputs.length}`, headers: [], timestamp: host.now() }
      const partition = partitionOf(Buffer.from(record.key), given.partitions)
      const [result] = await producer.send([{ topic: 'in', partition, records: [record] }])
      if (result?.error) throw result.error
      inputs.push(record.value)
    }
  }

  async function committed(): Promise<number> {
    const offsets = await admin.committed(GROUP, ['in'])
    return offsets.reduce((sum, { offset }) => sum + offset, 0)
  }

  async function readOutputs(): Promise<void> {
    for (const name of ['out', 'copy', 'dead'] as const)
      for (;;) {
        const record = await logs[name].next(topicSpec(name, {}))
        if (record === undefined) break
        outputs[name].push({ key: record.key as string, value: record.value as string })
      }
  }

  /**
   * Reads what is committed: no output is ahead of the positions of the group. An output may be behind an open transaction of a
   * process that died, until that has timed out.
   */
  async function check(): Promise<number> {
    let before: number
    // A transaction may be committed between the two reads.
    do {
      before = await committed()
      await readOutputs()
    } while (before !== (await committed()))
    const handled = outputs.dead.length + outputs.out.length / 2
    expect(handled).toBeLessThanOrEqual(before)
    for (const { name, error } of processes) expect([name, error]).toEqual([name, undefined])
    return handled
  }

  await broker.partitions('in')
  start(false)
  for (const one of given.steps) {
    const alive = running()
    const chosen = 'which' in one ? alive[one.which % alive.length] : undefined
    if ('keys' in one) await pipe(one.keys)
    else if ('ms' in one) await host.advance(one.ms)
    else if ('fault' in one) {
      // One that is out of range is for the next process, which may have it while it opens.
      if (one.which < alive.length) chosen?.failAt(one)
      else nextFault = one
    } else if ('isStatic' in one && alive.length < 3) start(one.isStatic)
    else if (one.kind === 'kill') chosen?.kill()
    else if (one.kind === 'stop') chosen?.stop()
    await host.advance(0)
    await check()
  }
  // A fault that was planned may come only now.
  for (let left = 600; left > 0 && (await check()) < inputs.length; left--) {
    if (running().length === 0) start(false)
    await host.advance(1000)
  }
  const last = running()
  for (const process of last) process.stop()
  await host.advance(60_000)
  // All transactions have ended: the positions are those of the outputs.
  expect(await check()).toBe(await committed())
  return { inputs, outputs, stillRunning: running().length, timers: host.timers }
}

interface Output {
  readonly key: string
  readonly value: string
}

test(
  'processes start, stop and die anywhere: every input has all its outputs or its dead letter, once, in order',
  { timeout: 900_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(plan, async (given) => {
        const { inputs, outputs, stillRunning, timers } = await play(given)
        const valuesOf = (name: keyof typeof outputs) => outputs[name].map(({ value }) => value)
        expect([stillRunning, timers]).toEqual([0, 0])
        const dead = new Set(valuesOf('dead'))
        expect(dead.size).toBe(outputs.dead.length)
        const expected = inputs.flatMap((value) => (dead.has(value) ? [] : [`${value}a`, `${value}b`]))
        for (const name of ['out', 'copy'] as const) {
          expect(valuesOf(name).toSorted()).toEqual(expected.toSorted())
          const byKey = new Map<string, string[]>()
          for (const { key, value } of outputs[name]) byKey.set(key, [...(byKey.get(key) ?? []), value])
          for (const values of byKey.values())
            expect(values).toEqual(values.toSorted((a, b) => parseInt(a) - parseInt(b) || (a < b ? -1 : 1)))
        }
      }),
      { numRuns: Number(process.env['EXACTLY_ONCE_RUNS'] ?? 100) },
    )
  },
)
