import { createApp } from '@snapstream/core'
import { Conf, Topic } from '@snapstream/kafka'
import { createTestApp } from '@snapstream/kafka/testing'
import { Store } from '@snapstream/state'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { join } from '../index.ts'
import { batchJoin, pairText } from './fixtures/batch-join.ts'
import type { SideMessage } from './fixtures/batch-join.ts'
import type { StreamJoinSpec } from './stream-join.ts'

const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 100)
const KEYS = ['a', 'b', 'c']
const START = 1_000_000

afterEach(() => Conf.reset())

const plan = fc.record({
  spec: fc.record({
    beforeMs: fc.integer({ min: 0, max: 300 }),
    afterMs: fc.integer({ min: 0, max: 300 }),
    graceMs: fc.integer({ min: 0, max: 200 }),
    type: fc.constantFrom('inner', 'left', 'outer'),
  }) as fc.Arbitrary<StreamJoinSpec>,
  exactlyOnce: fc.boolean(),
  partitions: fc.integer({ min: 1, max: 3 }),
  steps: fc.array(
    fc.oneof(
      {
        weight: 10,
        arbitrary: fc.record({
          kind: fc.constant('pipe'),
          messages: fc.array(
            fc.record({
              side: fc.constantFrom('left', 'right'),
              key: fc.constantFrom(...KEYS),
              afterMs: fc.integer({ min: 0, max: 150 }),
              /** As a share of the grace. */
              outOfOrder: fc.constantFrom(0, 0, 0.3, 1),
              /** How many tries fail. */
              failures: fc.constantFrom(0, 0, 0, 1, 3),
            }),
            { minLength: 1, maxLength: 6 },
          ),
        }),
      },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('advance'), ms: fc.integer({ min: 1, max: 400 }) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('crash', 'stop', 'fresh', 'rebalance') }) },
    ),
    { minLength: 3, maxLength: 25 },
  ),
})

test('two streams give what a batch gives, over crashes, rebalances, lost folders and retries', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async ({ spec, exactlyOnce, partitions, steps }) => {
      Conf({ groupId: 'g' })
      const app = createApp()
      const [left, right] = [Topic('left'), Topic('right')]
      const out = Topic('out', { exactlyOnce })
      const failures = new Map<string, number>()
      const { beforeMs, afterMs, graceMs, type } = spec
      const joined = join(left, right, {
        withinMs: [beforeMs, afterMs],
        graceMs,
        type,
        idleMs: Infinity,
        maxAheadMs: Infinity,
        store: Store('joined', { exactlyOnce }),
      })
      app.snap(joined, { sink: [out], onError: { retries: 1000, backoffMs: 10 } })(({ left: l, right: r }) => {
        for (const { value } of [l, r].filter((one) => one !== undefined)) {
          const left = failures.get(value) ?? 0
          failures.set(value, left - 1)
          if (left > 0) throw new Error('not yet')
        }
        return [(l ?? r).key, pairText(l, r)]
      })
      await using test = createTestApp({
        app,
        topics: { left: partitions, right: partitions, out: 1 },
        startMs: START,
        checkpointMs: 100,
      })
      const pipe = ({ side, key, timestamp, value }: SideMessage) =>
        test.topic(side === 'left' ? left : right).pipe(value, { key, timestamp })
      await test.start()
      const messages: SideMessage[] = []
      let time = START
      let budget = 6
      for (const step of steps) {
        if (step.kind === 'advance') await test.advance(step.ms)
        else if (step.kind === 'rebalance') await test.rebalance(left)
        else if (step.kind !== 'pipe')
          await test.restart({ crash: step.kind === 'crash', freshFolder: step.kind === 'fresh' })
        else
          for (const { side, key, afterMs: later, outOfOrder, failures: failing } of step.messages) {
            const timestamp = Math.max(time + later - Math.floor(outOfOrder * graceMs), time - graceMs)
            time = Math.max(time, timestamp)
            const message = { side, key, timestamp, value: `${side[0]}${messages.length}` } as const
            // Not too many, as the waits between the tries of a message grow.
            failures.set(message.value, budget > 0 ? failing : 0)
            budget -= failing
            messages.push(message)
            await pipe(message)
          }
      }
      await test.advance(20_000)
      // The ends of all partitions.
      for (let i = 0; i < 20; i++) await pipe({ side: 'left', key: `end ${i}`, timestamp: time + 10_000, value: 'end' })
      await test.advance(20_000)
      const found = (await test.topic(out).readAll())
        .map(({ value }) => value ?? '')
        .filter((text) => !text.includes('end'))
      const expected = batchJoin(messages, spec)
      // With at least once, what was told before a crash is told again.
      const told: readonly string[] = exactlyOnce ? found : [...new Set(found)]
      expect(told.toSorted()).toEqual(expected)
    }),
    { numRuns },
  )
})
