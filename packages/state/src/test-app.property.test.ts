import { createApp } from '@snapstream/core'
import { Conf, Topic } from '@snapstream/kafka'
import { createTestApp, type TestApp } from '@snapstream/kafka/testing'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { Store } from './index.ts'

afterEach(() => Conf.reset())

const PROCESSES = 3
const KEYS = ['a', 'b', 'c', 'd', 'e', 'f']

const which = fc.nat(PROCESSES - 1)
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('pipe' as const),
      keys: fc.array(fc.nat(KEYS.length - 1), { minLength: 1 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.constantFrom(1, 50, 300, 2000, 20_000) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('start' as const), which, freshFolder: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('stop' as const, 'crash' as const), which }) },
)

const plan = fc.record({
  steps: fc.array(step, { minLength: 8, maxLength: 30, size: 'max' }),
  partitions: fc.integer({ min: 1, max: 4 }),
  /** By message, whether the first try of its handler fails, after it wrote. */
  failures: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
  standbys: fc.nat(1),
})

type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never

/** Runs a plan. Returns the number of messages and the counts that were written, by key. */
async function run({ steps, partitions, failures, standbys }: Plan, exactlyOnce: boolean) {
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
    for (const taken of [...steps, ...tests.map((_, which) => ({ kind: 'start' as const, which, freshFolder: false }))])
      if (taken.kind === 'pipe')
        for (const key of taken.keys.map((i) => KEYS[i]!)) {
          piped.set(key, (piped.get(key) ?? 0) + 1)
          await world.topic('orders').pipe('order', { key })
        }
      else if (taken.kind === 'advance') await world.advance(taken.ms)
      else {
        const app = tests[taken.which]!
        if (taken.kind !== 'start') await app[taken.kind]()
        else if (!app.running) await app.start({ freshFolder: taken.freshFolder })
      }
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
