import type { Origin } from '@snapstream/core'
import { createVirtualHost } from '@snapstream/core/testing'
import { expect, test } from 'vitest'
import { createGate } from './gate.ts'

/** Two sources whose messages ask for their turn by hand. `caughtUp`: those that have nothing more to read. */
function setUp({ maxIdleMs = 0, complete = true } = {}) {
  const host = createVirtualHost()
  const [left, right] = [{ name: 'left' }, { name: 'right' }]
  const caughtUp = new Set<unknown>()
  const gate = createGate({
    sources: [left, right],
    maxIdleMs,
    complete,
    host,
    idle: (source) => caughtUp.has(source),
  })
  const origin = (source: { name: string }, timestamp: number) =>
    ({ source, lane: `${source.name}/0`, timestamp, message: {} }) as unknown as Origin
  /** Whether the message may go, after what is due at once. */
  async function asks(source: { name: string }, timestamp: number) {
    const asked = origin(source, timestamp)
    let went = false
    const ask = (): void | Promise<void> => {
      const turn = gate.turn(asked)
      if (turn) return Promise.resolve(turn).then(ask)
      went = true
      gate.begin(asked)
    }
    void ask()
    await host.advance(0)
    return { went: () => went, over: () => gate.release(asked), failed: () => gate.undo(asked) }
  }
  const open = (source: { name: string }) => gate.open(source, `${source.name}/0`, new AbortController().signal)
  return { gate, host, left, right, caughtUp, asks, open }
}

test('the smaller timestamp goes first, one message at a time', async () => {
  const { left, right, asks, open, host } = setUp()
  open(left)
  open(right)
  const later = await asks(left, 20)
  expect(later.went()).toBe(false)
  const sooner = await asks(right, 10)
  expect([sooner.went(), later.went()]).toEqual([true, false])
  sooner.over()
  await host.advance(1)
  // The right source may have one that is earlier.
  expect(later.went()).toBe(false)
  const next = await asks(right, 30)
  expect([next.went(), later.went()]).toEqual([false, true])
  await host.advance(10)
  expect(next.went()).toBe(false)
  later.over()
  const last = await asks(left, 40)
  expect([next.went(), last.went()]).toEqual([true, false])
})

test('at the same time the first source goes first', async () => {
  const { left, right, asks, open } = setUp()
  open(left)
  open(right)
  const second = await asks(right, 10)
  const first = await asks(left, 10)
  expect([first.went(), second.went()]).toEqual([true, false])
})

test('a source that has caught up is waited for as long as maxIdleMs', async () => {
  const { left, right, caughtUp, asks, open, host } = setUp({ maxIdleMs: 500 })
  open(left)
  open(right)
  caughtUp.add(right)
  const message = await asks(left, 10)
  await host.advance(499)
  expect(message.went()).toBe(false)
  await host.advance(1)
  expect(message.went()).toBe(true)
  message.over()
  // It has been idle for long enough.
  expect((await asks(left, 11)).went()).toBe(true)
})

test('a source that gets messages again is waited for again', async () => {
  const { left, right, caughtUp, asks, open, host } = setUp()
  open(left)
  open(right)
  caughtUp.add(right)
  const first = await asks(left, 10)
  expect(first.went()).toBe(true)
  first.over()
  caughtUp.delete(right)
  const second = await asks(left, 20)
  await host.advance(60_000)
  expect(second.went()).toBe(false)
  caughtUp.add(right)
  await host.advance(50)
  expect(second.went()).toBe(true)
})

test('a partition whose lane is not open yet is waited for, unless sources have different lanes', async () => {
  const { left, right, caughtUp, asks, open, host } = setUp()
  open(left)
  const message = await asks(left, 10)
  await host.advance(5000)
  expect(message.went()).toBe(false)
  open(right)
  caughtUp.add(right)
  await host.advance(50)
  expect(message.went()).toBe(true)
  const mixed = setUp({ complete: false })
  mixed.open(mixed.left)
  expect((await mixed.asks(mixed.left, 10)).went()).toBe(true)
})

test('a lane that is given up lets the others go', async () => {
  const { gate, left, right, caughtUp, asks, open, host } = setUp({ complete: false })
  open(left)
  open(right)
  const busy = await asks(right, 5)
  expect(busy.went()).toBe(false)
  caughtUp.add(left)
  await host.advance(50)
  expect(busy.went()).toBe(true)
  const waiting = await asks(left, 10)
  expect(waiting.went()).toBe(false)
  gate.close(right, 'right/0', 'lost')
  await host.advance(0)
  expect(waiting.went()).toBe(true)
})

test('a message that was told to go and never did holds up nobody for long', async () => {
  const { gate, left, right, caughtUp, asks, open, host } = setUp()
  open(left)
  open(right)
  // Its lane is paused: it is never asked again.
  let isTold = false
  void Promise.resolve(gate.turn({ source: right, lane: 'right/0', timestamp: 5, message: {} } as never)).then(
    () => (isTold = true),
  )
  const waiting = await asks(left, 10)
  expect([isTold, waiting.went()]).toEqual([true, false])
  caughtUp.add(right)
  await host.advance(1100)
  expect(waiting.went()).toBe(true)
})

test('after an abort nothing waits', async () => {
  const { gate, left, right, caughtUp, asks, open, host } = setUp()
  open(left)
  open(right)
  const waiting = await asks(left, 10)
  expect(waiting.went()).toBe(false)
  gate.abort()
  caughtUp.add(right)
  await host.advance(100)
  expect(waiting.went()).toBe(true)
})
