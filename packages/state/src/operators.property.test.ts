import { StringCodec } from '@snapstream/core'
import type { NotLoaded, OperatorPart } from '@snapstream/core/adapter'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runStorePlan, storePlan, type PlanHandler, type PlanMessage } from './fixtures/store-plans.ts'

const SIZE = 3
const KEYS = new Set(['a', 'b', 'c'])

/** The state of a partition, as the operator of these tests leaves it. */
interface Seen {
  readonly time: number
  readonly open: Record<string, number>
  readonly told: string
  readonly timers: readonly string[]
}

/**
 * Counts in windows of three messages: the position of a message is its time. A window is told, in an area of its own, when time
 * has reached its end.
 */
function windows(part: OperatorPart<string, number>, { key, position }: PlanMessage): void {
  const told = part.area<string, string>('told', StringCodec())
  for (let timer = part.takeTimer('event', position); timer !== undefined; timer = part.takeTimer('event', position)) {
    const id = `${String(timer.key)}@${timer.time}`
    const count = part.entries.getSync(id)
    // At least once, a timer may be left whose window was told already.
    if (count !== undefined) told.put('all', `${told.getSync('all') ?? ''} ${id}=${count}`)
    part.entries.del(id)
  }
  part.advance(position)
  const end = (Math.floor(position / SIZE) + 1) * SIZE
  // It is late: a message that is handled again, whose window was told.
  if (end <= part.time) return
  const id = `${key}@${end}`
  const count = part.entries.getSync(id) ?? 0
  if (count === 0) part.setTimer('event', end, key)
  part.entries.put(id, count + 1)
}

/** What the windows of a partition are at the end, if each message counts once. */
function expectedOf(keys: readonly string[]): Seen {
  const counts = new Map<string, number>()
  for (const [position, key] of keys.entries()) {
    const id = `${key}@${(Math.floor(position / SIZE) + 1) * SIZE}`
    counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  const time = keys.length - 1
  const endOf = (id: string) => Number(id.split('@')[1])
  const sorted = [...counts].sort(([a], [b]) => endOf(a) - endOf(b) || (a < b ? -1 : 1))
  const open = sorted.filter(([id]) => endOf(id) > time)
  return {
    time,
    open: Object.fromEntries(open),
    told: sorted
      .filter(([id]) => endOf(id) <= time)
      .map(([id, count]) => ` ${id}=${count}`)
      .join(''),
    timers: open.map(([id]) => id),
  }
}

const operating: PlanHandler = {
  async handle(store, message) {
    const access = store['~snapstream.operator']
    for (;;)
      try {
        return windows(access.of(message), message)
      } catch (thrown) {
        const loading = (thrown as Partial<NotLoaded>)['~snapstream.loading']
        if (loading === undefined) throw thrown
        access.of(message).undo()
        await loading
      }
  },
  async read(store, message) {
    const access = store['~snapstream.operator']
    const part = access.of(message)
    const open: Record<string, number> = {}
    for await (const [id, count] of part.entries.entries()) open[id] = count
    const timers: string[] = []
    for (let timer = part.takeTimer('event', 1e9); timer !== undefined; timer = part.takeTimer('event', 1e9))
      timers.push(`${String(timer.key)}@${timer.time}`)
    return {
      time: part.time,
      open,
      told: part.area<string, string>('told', StringCodec()).getSync('all') ?? '',
      timers,
    }
  },
}

test('exactly once: whatever dies, moves and is aborted, each window is told once, with each of its messages', async () => {
  await fc.assert(
    fc.asyncProperty(storePlan, async (given) => {
      const { read } = await runStorePlan(given, true, operating)
      for (const seen of read) expect(seen).toEqual(expectedOf(given.keys))
    }),
    { numRuns: 50 },
  )
}, 120_000)

test('at least once: whatever dies and moves, each window is told, and nothing is left behind', async () => {
  await fc.assert(
    fc.asyncProperty(storePlan, async (given) => {
      const { read } = await runStorePlan(given, false, operating)
      const expected = expectedOf(given.keys)
      for (const seen of read as Seen[]) {
        expect(seen.time).toBe(expected.time)
        // A window that was told may be told again, with the messages that are handled again.
        const told = seen.told
          .trim()
          .split(' ')
          .map((one) => one.split('='))
        for (const one of expected.told.trim().split(' ')) {
          const [id, count] = one.split('=')
          const counts = told.filter(([other]) => other === id).map(([, count]) => Number(count))
          expect(counts.length).toBeGreaterThanOrEqual(1)
          // It never lacks one.
          expect(Math.min(...counts)).toBeGreaterThanOrEqual(Number(count))
        }
        for (const [id, count] of Object.entries(expected.open)) expect(seen.open[id]).toBeGreaterThanOrEqual(count)
        expect(Object.keys(seen.open).filter((id) => !KEYS.has(id.split('@')[0]!))).toEqual([])
        for (const id of expected.timers) expect(seen.timers).toContain(id)
      }
    }),
    { numRuns: 50 },
  )
}, 120_000)
