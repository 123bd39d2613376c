import { createApp } from '@snapstream/core'
import { Conf, Topic } from '@snapstream/kafka'
import { createTestApp, type TestApp } from '@snapstream/kafka/testing'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { carryOut, processPlans, type ProcessPlan } from './fixtures/process-plans.ts'
import { Store } from './index.ts'

afterEach(() => Conf.reset())

const PROCESSES = 3
const KEYS = ['a', 'b', 'c', 'd', 'e', 'f']

const plan = processPlans({ processes: PROCESSES, keys: KEYS.length, maxSteps: 30, maxPartitions: 4 })

/** Runs a plan. Returns the number of messages and the counts that were written, by key. */
async function run({ steps, partitions, failures, standbys }: ProcessPlan, exactlyOnce: boolean) {
  Conf({ groupId: 'shop', exactlyOnce })
  const piped = new Map<string, number>()
  const tries = new Map<string, number>()
  const tests: TestApp[] = []
  for (let i = 0; i < PROCESSES; i++) {
    const orders = Topic('orders')
    const counts = Store<string, number>('counts', { standbys })
    const app = createApp()
    app.snap(orders, { sink: [Topic('totals')], use: [counts], onError: { retries: 3, backoffMs: 10 } })((order) => {
      const key = order.key!
      const id = `${order.partition}/${order.offset}`
      const nth = tries.get(id) ?? 0
      tries.set(id, nth + 1)
      const part = counts.of(order)
      const count = (part.getSync(key) ?? 0) + 1
      part.put(key, count)
      if (nth === 0 && failures[order.offset % failures.length]) throw new Error('the first try fails')
      return [key, String(count)]
    })
    const [beside] = tests
    tests.push(createTestApp({ app, checkpointMs: 500, ...(beside ? { beside } : { partitions }) }))
  }
  const world = tests[0]!
  try {
    await carryOut(tests, steps, (i) => {
      const key = KEYS[i]!
      piped.set(key, (piped.get(key) ?? 0) + 1)
      return world.topic('orders').pipe('order', { key })
    })
    await world.advance(120_000)
    expect(await world.topic('orders').lag()).toBe(0)
    const written = new Map<string, number[]>()
    for (const { key, value } of await world.topic('totals').readAll())
      written.set(key!, [...(written.get(key!) ?? []), Number(value)])
    return { piped, written }
  } finally {
    for (const app of tests.toReversed()) await app.close()
  }
}

test('whatever processes start, stop and die, each order counts once', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (plan) => {
      const { piped, written } = await run(plan, true)
      const expected = Array.from(piped, ([key, count]) => [key, Array.from({ length: count }, (_, i) => i + 1)])
      expect(written).toEqual(new Map(expected as [string, number[]][]))
    }),
    { numRuns: 30 },
  )
}, 120_000)

test('at least once, no order is missing in a count', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (plan) => {
      const { piped, written } = await run(plan, false)
      const tooLow = [...piped].filter(([key, count]) => (written.get(key)?.at(-1) ?? 0) < count)
      expect(tooLow).toEqual([])
    }),
    { numRuns: 30 },
  )
}, 120_000)
