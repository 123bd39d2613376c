import { createApp } from '@snapstream/core'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { Conf } from '../conf/conf.ts'
import type { TopicRecord } from '../record/topic-record.ts'
import { Topic } from '../topic/topic.ts'
import { createTestApp } from './index.ts'
import type { TestMember } from './index.ts'

afterEach(() => Conf.reset())

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('pipe'), key: fc.integer({ min: 0, max: 5 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('advance'), ms: fc.integer({ min: 1, max: 900 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('crash', 'restart', 'rebalance', 'join', 'leave') }) },
)

const plan = fc.record({
  steps: fc.array(step, { maxLength: 30 }),
  partitions: fc.integer({ min: 1, max: 3 }),
  /** Which tries of the handler fail. */
  failures: fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }),
  lingerMs: fc.constantFrom(0, 50),
})

/** Plays a plan and tells all that can be seen of it from outside. */
async function play({ steps, partitions, failures, lingerMs }: Plan) {
  Conf.reset()
  Conf({ lingerMs })
  const input = Topic('input', { groupId: 'g' })
  const output = Topic('output')
  const app = createApp()
  let tries = 0
  app.snap(input, { sink: [output], onError: { retries: 20, backoffMs: 20 } })(({ key, value }) => {
    if (failures[tries++ % failures.length] && tries % 5 !== 0) throw new Error('not now')
    return [key, value]
  })
  const piped: string[] = []
  const members: TestMember[] = []
  const records: TopicRecord<string | null>[] = []
  await using test = createTestApp({ app, partitions })
  await test.start()
  for (const { kind, ...how } of steps) {
    if (kind === 'pipe') {
      const value = String(piped.length)
      piped.push(value)
      await test.topic(input).pipe(value, { key: `k${'key' in how ? how.key : 0}` })
    } else if (kind === 'advance') await test.advance('ms' in how ? how.ms : 0)
    else if (kind === 'rebalance') await test.rebalance(input)
    else if (kind === 'join') members.push(await test.join(input))
    else if (kind === 'leave') await members.pop()?.leave()
    else await test.restart({ crash: kind === 'crash' })
    // What is acknowledged has been written.
    records.push(...(await test.topic(output).readAll()))
    const written = new Set(records.map(({ value }) => value)).size
    const committed = await test.topic(input).committed()
    const acknowledged = committed.reduce<number>((sum, offset) => sum + (offset ?? 0), 0)
    expect(acknowledged).toBeLessThanOrEqual(written)
  }
  for (const member of members) await member.leave()
  await test.advance(60_000)
  expect(await test.topic(input).lag()).toBe(0)
  records.push(...(await test.topic(output).readAll()))
  return { piped, records, now: test.now, tries }
}

type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never

test(
  'whatever happens, nothing is lost, keys stay in order, and it goes the same way again',
  { timeout: 60_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(plan, async (given) => {
        const first = await play(given)
        const values = first.records.map(({ value }) => value)
        expect(new Set(values)).toEqual(new Set(first.piped))
        // A record that is done again is followed by all that came after it: the last of each come in order.
        const lastOf = new Map<string | null, string[]>()
        for (const { key, value } of first.records) {
          const seen = (lastOf.get(key) ?? []).filter((other) => other !== value)
          lastOf.set(key, [...seen, value as string])
        }
        for (const seen of lastOf.values()) expect(seen).toEqual(seen.toSorted((a, b) => Number(a) - Number(b)))
        expect(await play(given)).toEqual(first)
      }),
      { numRuns: 100 },
    )
  },
)
