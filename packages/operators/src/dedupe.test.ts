import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Event } from './fixtures/batch-windows.ts'
import { eventLists, RUNS } from './fixtures/event-lists.ts'
import { runThrough } from './fixtures/run-app.ts'
import { debounce, dedupe, map, throttle } from './index.ts'

const at = (timestamp: number, value: string, key = 'a'): Event => ({ key, timestamp, value })
const valueOf = ({ value }: Event) => value

test('dedupe passes on the first of the messages that are the same', async () => {
  const messages = [at(0, 'a'), at(5, 'b'), at(9, 'a'), at(10, 'a'), at(4, 'a'), at(30, 'b'), at(25, 'b'), at(5, 'c')]
  const late: string[] = []
  const unique = dedupe(messages, { by: valueOf, withinMs: 10, late: (message) => late.push(message.value) })
  expect(await runThrough(unique, ({ timestamp, value }) => `${timestamp} ${value}`)).toEqual([
    '0 a',
    '5 b',
    '10 a',
    '30 b',
  ])
  expect(late).toEqual(['c'])
})

test('dedupe passes on what a list of all passed messages would, for any order of arrival', async () => {
  await fc.assert(
    fc.asyncProperty(eventLists(30), fc.integer({ min: 1, max: 25 }), async (events, withinMs) => {
      const passed: Event[] = []
      let now = -Infinity
      for (const event of events) {
        const { key, timestamp } = event
        now = Math.max(now, timestamp)
        const isLate = timestamp + withinMs <= now
        const isSame = passed.some(
          (other) =>
            other.key === key && Math.abs(other.timestamp - timestamp) < withinMs && other.timestamp + withinMs > now,
        )
        if (!isLate && !isSame) passed.push(event)
      }
      const unique = dedupe(events, { by: ({ key }) => key, withinMs })
      expect(await runThrough(unique, (event) => event)).toEqual(passed)
    }),
    { numRuns: RUNS },
  )
}, 600_000)

test('throttle passes on a message, and drops those that follow too soon', async () => {
  const messages = [
    at(0, 'a0'),
    at(3, 'b3', 'b'),
    at(9, 'a9'),
    at(10, 'a10'),
    at(2, 'a2'),
    at(19, 'a19'),
    at(25, 'a25'),
  ]
  const calm = throttle(messages, { everyMs: 10 })
  expect(await runThrough(calm, valueOf)).toEqual(['a0', 'b3', 'a10', 'a25'])
})

test('throttle by the clock', async () => {
  const calm = throttle([{ key: 'a' }, { key: 'a' }, { key: 'b' }], { everyMs: 60_000, by: 'clock' })
  expect(await runThrough(calm, ({ key }) => key)).toEqual(['a', 'b'])
})

test('debounce passes on the last message of a key once it is silent', async () => {
  const messages = [at(0, 'a0'), at(4, 'b4', 'b'), at(8, 'a8'), at(6, 'a6'), at(14, 'b14', 'b'), at(18, 'x', 'c')]
  const seen: unknown[] = []
  const noted = map(messages, (message) => {
    seen.push(message.value)
    return message
  })
  await runThrough(
    debounce(noted, { waitMs: 10 }),
    ({ value, timestamp }) => void seen.push(`${value} at ${timestamp}`),
  )
  expect(seen).toEqual(['a0', 'b4', 'a8', 'a6', 'b14', 'b4 at 4', 'x', 'a8 at 8'])
})

test('debounce passes on what a batch finds', async () => {
  const END = { key: 'z', timestamp: 10_000, value: 'end' }
  await fc.assert(
    fc.asyncProperty(eventLists(0), async (events) => {
      const waitMs = 8
      const found = await runThrough(debounce([...events, END], { waitMs }), (event) => event)
      const expected = ['a', 'b', 'c'].flatMap((key) => {
        const own = events.filter((event) => event.key === key).toSorted((a, b) => a.timestamp - b.timestamp)
        return own.filter((event, i) => own[i + 1] === undefined || own[i + 1]!.timestamp - event.timestamp >= waitMs)
      })
      const byTime = (all: readonly Event[]) =>
        all
          .toSorted((a, b) => a.timestamp - b.timestamp || (a.key < b.key ? -1 : 1))
          .map(({ timestamp, key }) => [timestamp, key])
      expect(byTime(found as Event[])).toEqual(byTime(expected))
    }),
    { numRuns: RUNS },
  )
}, 600_000)

test.each([
  [() => dedupe([at(0, 'a')], { withinMs: 1 } as never), 'dedupe: by is a function, got undefined'],
  [() => dedupe([at(0, 'a')], { by: valueOf, withinMs: 0 }), 'dedupe: withinMs is a whole number of ms of 1 or more'],
  [
    () => throttle([at(0, 'a')], { everyMs: 1, by: 'wall' as never }),
    "throttle: by is 'event' or 'clock', got \"wall\"",
  ],
  [() => debounce([at(0, 'a')], { waitMs: -1 }), 'debounce: waitMs is a whole number of ms of 1 or more, got -1'],
])('wrong options are refused %#', (make, message) => {
  expect(make).toThrow(message)
})
