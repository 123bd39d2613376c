import { Cache } from '@snapstream/cache'
import { createApp } from '@snapstream/core'
import type { NotLoaded, OperatorPart } from '@snapstream/core/adapter'
import { Conf, Topic } from '@snapstream/kafka'
import { createTestApp } from '@snapstream/kafka/testing'
import fc from 'fast-check'
import { MemoryLevel } from 'memory-level'
import { afterEach, expect, test } from 'vitest'

afterEach(() => Conf.reset())

const SIZE = 3

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('pipe' as const), count: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.constantFrom(1, 300, 2000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('stop' as const, 'crash' as const) }) },
)

const plan = fc.record({
  steps: fc.array(step, { minLength: 5, maxLength: 20, size: 'max' }),
  /** By message, whether the first try of its handler fails, after it wrote. */
  failures: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
})

type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never

/** Counts messages in windows, and adds the counts of those that have ended to the total of their key. */
function count(part: OperatorPart<string, number>, key: string, at: number): void {
  for (let timer = part.takeTimer('event', at); timer !== undefined; timer = part.takeTimer('event', at)) {
    const id = `${String(timer.key)}@${timer.time}`
    part.entries.put(`told ${id}`, part.entries.getSync(id) ?? 0)
    part.entries.del(id)
  }
  part.advance(at)
  const end = (Math.floor(at / SIZE) + 1) * SIZE
  if (end <= part.time) return
  const id = `${key}@${end}`
  const before = part.entries.getSync(id) ?? 0
  if (before === 0) part.setTimer('event', end, key)
  part.entries.put(id, before + 1)
}

/** Runs a plan. Returns the entries of the cache, and the counts of all windows. */
async function run({ steps, failures }: Plan, exactlyOnce: boolean) {
  Conf({ groupId: 'shop' })
  const orders = Topic('orders')
  const windows = Cache<string, number>(new MemoryLevel(), { exactlyOnce })
  const access = windows['~snapstream.operator']
  const app = createApp()
  const tries = new Set<string>()
  app.snap(orders, { use: [windows], sink: [windows], onError: { retries: 3, backoffMs: 10 } })(async (order) => {
    for (;;)
      try {
        count(access.of(order), order.key!, order.timestamp)
        break
      } catch (thrown) {
        const loading = (thrown as Partial<NotLoaded>)['~snapstream.loading']
        if (loading === undefined) throw thrown
        access.of(order).undo()
        await loading
      }
    const id = `${order.partition}/${order.offset}`
    const isFirst = !tries.has(id)
    tries.add(id)
    if (isFirst && failures[order.offset % failures.length]) throw new Error('the first try fails')
    return [`last ${order.partition}`, order.offset] as const
  })
  await using world = createTestApp({ app, checkpointMs: 500, partitions: 2 })
  let timestamp = 0
  await world.start()
  for (const taken of steps) {
    if (!world.running) await world.start()
    if (taken.kind === 'pipe')
      for (let i = 0; i < taken.count; i++)
        await world.topic(orders).pipe('order', { key: 'abcd'[timestamp % 4]!, timestamp: timestamp++ })
    else if (taken.kind === 'advance') await world.advance(taken.ms)
    else await world[taken.kind]()
  }
  if (!world.running) await world.start()
  await world.advance(120_000)
  const expected = new Map<string, number>()
  const times = new Map<number, number>()
  const read = await world.topic(orders).readAll()
  for (const { partition, timestamp } of read) times.set(partition, Math.max(times.get(partition) ?? 0, timestamp))
  for (const { key, partition, timestamp, offset } of read) {
    const end = (Math.floor(timestamp / SIZE) + 1) * SIZE
    const id = `${end <= times.get(partition)! ? 'told ' : ''}${key}@${end}`
    expected.set(id, (expected.get(id) ?? 0) + 1)
    expected.set(`last ${partition}`, offset)
  }
  const entries: [string, number][] = []
  for await (const entry of windows.entries()) entries.push([...entry])
  return { entries, expected }
}

test('exactly once, a cache has the windows of an operator whatever crashes', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (plan) => {
      const { entries, expected } = await run(plan, true)
      expect(new Map(entries)).toEqual(expected)
    }),
    { numRuns: 25 },
  )
}, 120_000)

test('at least once, no window of a cache lacks a message', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (plan) => {
      const { entries, expected } = await run(plan, false)
      const found = new Map(entries)
      for (const [id, count] of expected) expect([id, found.get(id)! >= count]).toEqual([id, true])
    }),
    { numRuns: 25 },
  )
}, 120_000)
