import { createApp } from '@snapstream/core'
import type { NotLoaded, OperatorPart } from '@snapstream/core/adapter'
import { Conf, Topic } from '@snapstream/kafka'
import { createTestApp, type TestApp } from '@snapstream/kafka/testing'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { carryOut, processPlans, type ProcessPlan } from './fixtures/process-plans.ts'
import { Store } from './index.ts'

afterEach(() => Conf.reset())

const PROCESSES = 2
const KEYS = ['a', 'b', 'c']
const SIZE = 4

const plan = processPlans({ processes: PROCESSES, keys: KEYS.length, maxPiped: 6, maxSteps: 25, maxPartitions: 3 })

/** Counts a message in its window. Returns the windows that have ended before it. */
function count(part: OperatorPart<string, number>, key: string, at: number): string[] {
  const told: string[] = []
  for (let timer = part.takeTimer('event', at); timer !== undefined; timer = part.takeTimer('event', at)) {
    const id = `${String(timer.key)}@${timer.time}`
    const count = part.entries.getSync(id)
    if (count !== undefined) told.push(`${id}=${count}`)
    part.entries.del(id)
  }
  part.advance(at)
  const end = (Math.floor(at / SIZE) + 1) * SIZE
  if (end <= part.time) return told
  const id = `${key}@${end}`
  const before = part.entries.getSync(id) ?? 0
  if (before === 0) part.setTimer('event', end, key)
  part.entries.put(id, before + 1)
  return told
}

/** Runs a plan. Returns the windows that were told, and those that have ended, of all partitions. */
async function run({ steps, partitions, failures, standbys }: ProcessPlan, exactlyOnce: boolean) {
  Conf({ groupId: 'shop', exactlyOnce })
  const tries = new Map<string, number>()
  const tests: TestApp[] = []
  for (let i = 0; i < PROCESSES; i++) {
    const orders = Topic('orders')
    const windows = Store<string, number>('windows', { standbys })
    const access = windows['~snapstream.operator']
    const app = createApp()
    const policy = { sink: [Topic('told')], use: [windows], onError: { retries: 3, backoffMs: 10 } }
    app.snap(
      orders,
      policy,
    )(async function* tell(order) {
      const id = `${order.partition}/${order.offset}`
      const nth = tries.get(id) ?? 0
      tries.set(id, nth + 1)
      let told: string[] | undefined
      while (told === undefined)
        try {
          told = count(access.of(order), order.key!, order.timestamp)
        } catch (thrown) {
          const loading = (thrown as Partial<NotLoaded>)['~snapstream.loading']
          if (loading === undefined) throw thrown
          access.of(order).undo()
          await loading
        }
      if (nth === 0 && failures[order.offset % failures.length]) throw new Error('the first try fails')
      for (const one of told) yield [`${order.partition}`, one]
    })
    const [beside] = tests
    tests.push(createTestApp({ app, checkpointMs: 500, ...(beside ? { beside } : { partitions }) }))
  }
  const world = tests[0]!
  let timestamp = 0
  try {
    await carryOut(tests, steps, (key) =>
      world.topic('orders').pipe('order', { key: KEYS[key]!, timestamp: timestamp++ }),
    )
    await world.advance(120_000)
    expect(await world.topic('orders').lag()).toBe(0)
    const told = (await world.topic('told').readAll()).map(({ key, value }) => `${key} ${value as string}`)
    const times = new Map<number, number>()
    const counts = new Map<string, number>()
    for (const { key, partition, timestamp } of await world.topic('orders').readAll()) {
      times.set(partition, Math.max(times.get(partition) ?? 0, timestamp))
      const id = `${partition} ${key}@${(Math.floor(timestamp / SIZE) + 1) * SIZE}`
      counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    const ended = [...counts].filter(([id]) => Number(id.split('@')[1]) <= times.get(Number(id.split(' ')[0]))!)
    return { told, ended: ended.map(([id, count]) => `${id}=${count}`) }
  } finally {
    for (const app of tests.toReversed()) await app.close()
  }
}

test('whatever processes start, stop and die, each window is told once', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (plan) => {
      const { told, ended } = await run(plan, true)
      expect(told.toSorted()).toEqual(ended.toSorted())
    }),
    { numRuns: 20 },
  )
}, 120_000)

test('at least once, each window is told, and never with fewer messages', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (plan) => {
      const { told, ended } = await run(plan, false)
      const countsOf = (id: string) =>
        told
          .map((one) => one.split('='))
          .filter(([other]) => other === id)
          .map(([, count]) => Number(count))
      for (const one of ended) {
        const [id, count] = one.split('=')
        const counts = countsOf(id!)
        expect([one, counts.length > 0]).toEqual([one, true])
        expect([one, counts.every((told) => told >= Number(count))]).toEqual([one, true])
      }
    }),
    { numRuns: 20 },
  )
}, 120_000)
