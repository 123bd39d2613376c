import { createApp } from '@snapstream/core'
import { Conf, Topic } from '@snapstream/kafka'
import { createTestApp } from '@snapstream/kafka/testing'
import type { TestApp } from '@snapstream/kafka/testing'
import { Store, Table } from '@snapstream/state'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { join } from '../index.ts'
import { pairText } from './fixtures/batch-join.ts'

const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 60)
const START = 1_000_000
const TOPICS = { left: 2, right: 2, out: 1 }

afterEach(() => Conf.reset())

const record = fc.record({
  side: fc.constantFrom('left', 'right'),
  key: fc.constantFrom('a', 'b', 'c'),
  isTombstone: fc.constantFrom(false, false, true),
  afterMs: fc.integer({ min: 1, max: 50 }),
  failures: fc.constantFrom(0, 0, 0, 1, 2),
})
const steps = fc.array(
  fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({ kind: fc.constant('pipe'), records: fc.array(record, { minLength: 1, maxLength: 5 }) }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('advance'), ms: fc.integer({ min: 1, max: 400 }) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('crash', 'stop', 'fresh', 'rebalance') }) },
  ),
  { minLength: 3, maxLength: 20 },
)
type Steps = typeof steps extends fc.Arbitrary<infer S> ? S : never

interface Change {
  readonly side: 'left' | 'right'
  readonly key: string
  readonly value: string | null
  readonly timestamp: number
}

/** Runs an app through the steps, and returns what was piped. `fails`: how often the handling of a value is to fail. */
async function run(
  test: TestApp,
  given: Steps,
  fails: (value: string, times: number) => void,
): Promise<readonly Change[]> {
  const changes: Change[] = []
  let timestamp = START
  await test.start()
  for (const step of given) {
    if (step.kind === 'advance') await test.advance(step.ms)
    else if (step.kind === 'rebalance') await test.rebalance(Topic('left'))
    else if (step.kind !== 'pipe')
      await test.restart({ crash: step.kind === 'crash', freshFolder: step.kind === 'fresh' })
    else
      for (const { side, key, isTombstone, afterMs, failures } of step.records) {
        timestamp += afterMs
        const value = isTombstone ? null : `${side[0]}${changes.length}`
        if (value !== null) fails(value, failures)
        changes.push({ side, key, value, timestamp })
        await test.topic(side).pipe(value, { key, timestamp })
      }
  }
  await test.advance(20_000)
  return changes
}

/** A function that throws as often as it was told to, for one of these values. */
function failing() {
  const left = new Map<string, number>()
  return {
    fails: (value: string, times: number) => void left.set(value, times),
    check(...values: readonly (string | undefined)[]) {
      for (const value of values) {
        const times = value === undefined ? 0 : (left.get(value) ?? 0)
        if (times <= 0) continue
        left.set(value!, times - 1)
        throw new Error('not yet')
      }
    },
  }
}

const onError = { retries: 1000, backoffMs: 5 }

test('two tables give each row as both sides change, over crashes, rebalances, lost folders and retries', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('inner', 'left', 'outer'),
      fc.boolean(),
      steps,
      async (type, exactlyOnce, given) => {
        Conf({ groupId: 'g' })
        const app = createApp()
        const { fails, check } = failing()
        const [left, right] = [Topic('left', { tombstones: true }), Topic('right', { tombstones: true })]
        const joined = join(left, right, { tables: true, type, store: Store('rows', { exactlyOnce }) })
        app.snap(joined, { sink: [Topic('out', { exactlyOnce })], onError })(({ key, left: l, right: r }) => {
          check(l?.value, r?.value)
          return [key, pairText(l, r)]
        })
        await using test = createTestApp({ app, topics: TOPICS, startMs: START, checkpointMs: 100 })
        const changes = await run(test, given, fails)
        const rows = new Map<string, { left: string | undefined; right: string | undefined }>()
        const expected: [string, string][] = []
        const textOf = (row: { left: string | undefined; right: string | undefined }) => {
          const isRow = type === 'inner' ? row.left && row.right : type === 'left' ? row.left : (row.left ?? row.right)
          return isRow ? `${row.left ?? '-'}+${row.right ?? '-'}` : '-+-'
        }
        for (const { side, key, value } of changes) {
          const row = rows.get(key) ?? { left: undefined, right: undefined }
          const before = textOf(row)
          row[side] = value ?? undefined
          rows.set(key, row)
          if (textOf(row) !== before) expected.push([key, textOf(row)])
        }
        const found = (await test.topic('out').readAll()).map(({ key, value }): [string, string] => [key!, value ?? ''])
        const byKey = (list: readonly [string, string][]) => list.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
        // With at least once, changes are told again, and the last one of each key is the last.
        const told = (list: readonly [string, string][]) => (exactlyOnce ? byKey(list) : byKey([...new Map(list)]))
        expect(told(found)).toEqual(told(expected))
      },
    ),
    { numRuns },
  )
})

test('a table with versions gives what it had at the time of each message', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('inner', 'left'),
      fc.array(fc.nat(100), { minLength: 1 }),
      steps,
      async (type, back, given) => {
        Conf({ groupId: 'g' })
        const app = createApp()
        const { fails, check } = failing()
        const right = Topic('right')
        const joined = join(Topic('left'), Table(right, { versionedMs: 3_600_000 }), { type })
        app.snap(joined, { sink: [Topic('out')], onError })(({ left: l, right: r }) => {
          check(l.value)
          return [l.key, `${l.value}+${r ?? '-'}`]
        })
        await using test = createTestApp({ app, topics: TOPICS, startMs: START, checkpointMs: 100 })
        // Messages of the stream are up to 100 ms older than the table.
        const older = test.topic('left')
        const piped: Change[] = []
        const left = {
          ...test,
          topic: (name: string) =>
            name !== 'left'
              ? test.topic(name)
              : {
                  pipe(value: string | null, { key, timestamp }: { readonly key: string; readonly timestamp: number }) {
                    if (value === null) return Promise.resolve()
                    const at = timestamp - (back[piped.length % back.length] ?? 0)
                    piped.push({ side: 'left', key, value, timestamp: at })
                    return older.pipe(value, { key, timestamp: at })
                  },
                },
        }
        const changes = await run(left as unknown as TestApp, given, fails)
        const table = changes.filter(({ side }) => side === 'right')
        const expected = piped.flatMap(({ key, value, timestamp }) => {
          const last = table.findLast((change) => change.key === key && change.timestamp <= timestamp)
          return type === 'inner' && (last?.value ?? null) === null ? [] : `${value}+${last?.value ?? '-'}`
        })
        const found = (await test.topic('out').readAll()).map(({ value }) => value)
        // With at least once, results are told again.
        expect(new Set(found)).toEqual(new Set(expected))
      },
    ),
    { numRuns },
  )
})
