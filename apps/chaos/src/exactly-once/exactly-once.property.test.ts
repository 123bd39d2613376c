import { Cache } from '@snapstream/cache'
import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { createTestApp } from '@snapstream/kafka/testing'
import type { TestMember } from '@snapstream/kafka/testing'
import * as fc from 'fast-check'
import { MemoryLevel } from 'memory-level'
import { expect, test } from 'vitest'

const KEYS = 6
/** The first byte of the keys of positions. */
const RESERVED = 0x70
const turn = () => new Promise<void>((resolve) => void setImmediate(resolve))

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('pipe'), key: fc.integer({ min: 0, max: KEYS - 1 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('advance'), ms: fc.integer({ min: 1, max: 900 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('crash', 'restart', 'rebalance', 'join', 'leave') }) },
)

const plan = fc.record({
  steps: fc.array(step, { maxLength: 40 }),
  partitions: fc.integer({ min: 1, max: 3 }),
  concurrency: fc.integer({ min: 1, max: 3 }),
  /** Turns of the event loop before each output of the handler, by message. */
  turns: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 7 }),
  /** Whether each attempt of the handler fails. */
  failures: fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }),
  bufferBytes: fc.constantFrom(1, 1000, 1_000_000),
})

/** The sums of the counts and of the positions in the database, read without the cache. */
async function stored(db: MemoryLevel<Uint8Array>) {
  let [counted, added, position] = [0, 0, 0]
  for (const [key, value] of await db.iterator({ keyEncoding: 'view', valueEncoding: 'utf8' }).all())
    if (key[0] === RESERVED) position += (JSON.parse(value) as { position: number }).position
    else if (new TextDecoder().decode(key).includes('count')) counted += Number(value)
    else added += Number(value)
  return { counted, added, position }
}

/** A broken database: it writes positions one batch after the effects that they cover. */
function lateLevel(): MemoryLevel<Uint8Array> {
  const db = new MemoryLevel<Uint8Array>()
  const backend = db as unknown as {
    _batch(operations: readonly { key: Uint8Array }[], options: unknown): Promise<void>
  }
  const write = backend._batch.bind(db)
  let late: readonly { key: Uint8Array }[] = []
  backend._batch = async (operations, options) => {
    const isPosition = ({ key }: { key: Uint8Array }) => key[0] === RESERVED
    const now = [...late, ...operations.filter((one) => !isPosition(one))]
    late = operations.filter(isPosition)
    await write(now, options)
  }
  return db
}

/** Runs a plan, and fails as soon as the stored counts differ from the stored positions. */
async function play(given: Plan, db: MemoryLevel<Uint8Array>): Promise<void> {
  const { steps, partitions, concurrency, turns, failures, bufferBytes } = given
  const cache = Cache<string, number>(db, { exactlyOnce: true, bufferBytes })
  const input = Topic('input', { groupId: 'g' })
  const app = createApp()
  let tries = 0
  const add = (key: string, amount: number) => [key, (cache.getSync(key) ?? 0) + amount] as const
  const onError = { retries: 20, backoffMs: 20 }
  app.snap(input, { sink: [cache], concurrency, onError })(async function* ({ key, offset }) {
    if (failures[tries++ % failures.length] && tries % 5 !== 0) throw new Error('not now')
    for (const what of ['count', 'sum']) {
      for (let i = turns[offset % turns.length] ?? 0; i > 0; i--) await turn()
      yield add(`${what} ${key}`, 1)
    }
  })
  const members: TestMember[] = []
  let piped = 0
  await using test = createTestApp({ app, partitions })
  await test.start()
  for (const { kind, ...how } of steps) {
    if (kind === 'pipe') {
      piped++
      await test.topic(input).pipe('x', { key: `k${'key' in how ? how.key : 0}` })
    } else if (kind === 'advance') await test.advance('ms' in how ? how.ms : 0)
    else if (kind === 'rebalance') await test.rebalance(input)
    else if (kind === 'join') members.push(await test.join(input))
    else if (kind === 'leave') await members.pop()?.leave()
    else await test.restart({ crash: kind === 'crash' })
    const { counted, added, position } = await stored(db)
    expect({ counted, added }).toEqual({ counted: position, added: position })
  }
  for (const member of members) await member.leave()
  await test.advance(60_000)
  await test.stop()
  expect(await stored(db)).toEqual({ counted: piped, added: piped, position: piped })
}

type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never

const PATIENCE = { timeout: 120_000 }

test('the stored counts always match the stored positions', PATIENCE, async () => {
  await fc.assert(
    fc.asyncProperty(plan, (given) => play(given, new MemoryLevel())),
    { numRuns: 100 },
  )
})

test(
  'a crash during a handover with a message that waits for its retry loses and duplicates nothing',
  PATIENCE,
  async () => {
    const steps = [{ kind: 'pipe', key: 0 } as const, { kind: 'join' } as const, { kind: 'crash' } as const]
    const given = { steps, partitions: 1, concurrency: 1, turns: [0], failures: [true], bufferBytes: 1 as const }
    await expect(play(given, new MemoryLevel())).resolves.toBeUndefined()
  },
)

test('the property fails for a database that writes positions after their effects', PATIENCE, async () => {
  const { failed } = await fc.check(
    fc.asyncProperty(plan, (given) => play(given, lateLevel())),
    { numRuns: 100, endOnFailure: true },
  )
  expect(failed).toBe(true)
})
