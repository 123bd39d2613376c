import { expect, test } from 'vitest'
import { plainPart } from './fixtures/plain-part.ts'
import type { PlainPart } from './fixtures/plain-part.ts'
import type { JoinIndex, Side } from './join-index.ts'
import { StreamJoin } from './stream-join.ts'

/** A join whose index is loaded. */
async function joinIn(part: PlainPart, spec: { readonly type: 'inner' | 'outer' }) {
  const join = new StreamJoin({ beforeMs: 500, afterMs: 1000, graceMs: 100, ...spec })
  const index = (): JoinIndex =>
    part.derived<JoinIndex>('join', () => {
      throw new Error('it is loaded')
    })
  try {
    join.begin({}, 0, part)
  } catch (thrown) {
    await (thrown as { '~snapstream.loading': Promise<void> })['~snapstream.loading']
  }
  return { join, index }
}

test.each(['inner', 'outer'] as const)('an %s join keeps what is in its time, however many come', async (type) => {
  const part = plainPart()
  const { join, index } = await joinIn(part, { type })
  const everyMs = 10
  // For both bounds and the grace, and a sixteenth more, as old messages are freed together.
  const most = Math.ceil((1600 * 17) / 16 / everyMs) + 2
  let told = 0
  let largest = 0
  for (let i = 0; i < 20_000; i++) {
    const time = i * everyMs
    const message = { key: `k${i % 7}`, timestamp: time, value: i }
    join.begin(message, i + 1, part)
    for (let timer = part.takeTimer('event', time); timer; timer = part.takeTimer('event', time)) {
      join.timer(part, timer, () => told++)
    }
    part.advance(time)
    // Half of the messages meet no other.
    const side: Side = i % 14 < 7 && i % 2 === 0 ? 0 : 1
    join.message(part, { side, key: message.key, time, message }, () => told++)
    join.end(message)
    largest = Math.max(largest, part.sizes.entries, part.sizes.timers, index().size)
  }
  expect(told).toBeGreaterThan(10_000)
  expect(largest).toBeLessThanOrEqual(most)
  expect(largest).toBeGreaterThan(most / 2)
})

test('messages of one key and time are all kept', async () => {
  const part = plainPart()
  const { join } = await joinIn(part, { type: 'inner' })
  const pairs: unknown[] = []
  part.advance(1000)
  for (let i = 0; i < 3; i++)
    for (const side of [0, 1] as const) {
      const message = { key: 'k', value: i }
      join.begin(message, i * 2 + side + 1, part)
      join.message(part, { side, key: 'k', time: 1000, message }, ({ left, right }) => pairs.push([left, right]))
    }
  expect(pairs).toHaveLength(9)
  expect(new Set(pairs.map((pair) => JSON.stringify(pair))).size).toBe(9)
})
