import { describe, expect, test } from 'vitest'
import { createApp } from '../app.ts'
import { createVirtualHost, startTestRun } from '../testing/index.ts'
import { fakeSink } from '../suite/fakes.ts'
import type { SinkTarget } from '../protocol.ts'
import { to } from './to.ts'

/** A sink that refuses its first value, and a function, which log what they get. */
function setUp() {
  const log: string[] = []
  let refusals = 0
  const topic: SinkTarget<unknown> = fakeSink([], {
    write(value) {
      if (refusals-- > 0) throw new Error('not yet')
      log.push(`topic ${String(value)}`)
    },
  })
  const print = (value: number | string) => void log.push(`print ${value}`)
  return { log, topic, print, app: createApp(), refuse: (times: number) => (refusals = times) }
}

describe('to', () => {
  test('sends a value to one sink, and other values go to all', async () => {
    const { log, topic, print, app } = setUp()
    app.snap([1, 2, 3], { sink: [topic, print] })((n) => (n === 1 ? to(topic, n) : n === 2 ? to(print, n) : n))
    await app.stream()
    expect(log).toEqual(['topic 1', 'print 2', 'topic 3', 'print 3'])
  })

  test('works for promises, generators and a single sink', async () => {
    const { log, topic, print, app } = setUp()
    app.snap([1], { sink: [topic, print] })(async (n) => to(print, n))
    app.snap([2], { sink: [topic, print] })(function* (n) {
      yield to(print, n)
      yield to(topic, `${n} in words`)
    })
    app.snap([3], { sink: [print] })(async function* (n) {
      yield to(print, n)
      yield n
    })
    await app.stream()
    expect(log.toSorted()).toEqual(['print 1', 'print 2', 'print 3', 'print 3', 'topic 2 in words'])
  })

  test('repeats a refused value for that sink alone', async () => {
    const { log, topic, print, app, refuse } = setUp()
    const host = createVirtualHost()
    refuse(2)
    app.snap([1], { sink: [print, topic], onError: { retries: 3 } })((n) => to(topic, n))
    await host.settle(startTestRun({ app, host }).ended)
    expect(log).toEqual(['topic 1'])
  })

  test('is refused for a sink that the binding does not have, and onError decides', async () => {
    const { log, topic, print, app } = setUp()
    const errors: unknown[] = []
    const onError = (error: unknown) => {
      errors.push(error)
      return 'skip' as const
    }
    app.snap([1, 2], { name: 'copy', sink: [print], onError })((n) => (n === 1 ? (to(topic, n) as never) : n))
    app.snap([3], { name: 'none', onError })((n) => to(print, n))
    await app.stream()
    expect(log).toEqual(['print 2'])
    expect(errors).toEqual([
      expect.objectContaining({
        code: 'SINK_REFUSED',
        message:
          'copy passed an object with ~snapstream.sink to to(), expected one of its sinks (a Function); add it to sink',
      }),
      expect.objectContaining({
        code: 'SINK_REFUSED',
        message: 'none passed a Function to to(), expected one of its sinks (); add it to sink',
      }),
    ])
  })

  test('finds its sink in a test run', async () => {
    const { log, topic, print, app } = setUp()
    const host = createVirtualHost()
    app.snap([1], { sink: [topic, print] })(function* (n) {
      yield to(print, n)
      yield to(topic, n)
    })
    app.snap([2], { sink: [topic, print] })((n) => to(print, n))
    await host.settle(startTestRun({ app, host }).ended)
    expect(log.toSorted()).toEqual(['print 1', 'print 2', 'topic 1'])
  })
})
