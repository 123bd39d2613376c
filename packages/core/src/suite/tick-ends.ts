import { describe, expect, test } from 'vitest'
import type { Core } from './core.ts'
import { laneLog, statefulSink } from './stateful.ts'
import { setUpTicks, throughOf, tickOf } from './ticking.ts'
import { createWatched, never } from './watched.ts'

/** Ticks whose lane, source or stream ends. */
export function tickEndSuite(core: Core): void {
  const setUp = (lanes?: Readonly<Record<string, readonly number[]>>) => setUpTicks(core, lanes)
  const watched = createWatched(core.createApp)
  /** The calls behind this one. */
  const after = (calls: readonly string[], mark: string) => calls.slice(calls.indexOf(mark) + 1)

  describe('ticks at the end', () => {
    test.each(['revoked', 'lost', 'paused'] as const)(
      'ticks that wait in a lane that is %s are dropped',
      async (reason) => {
        const { app, log, clock, calls, at, run, wait } = setUp({ a: [1, 2] })
        app.snap(log, { sink: [clock] })(() => wait(50))
        at(10, async () => {
          clock.tick('a', tickOf('tick'))
          await log.options?.revoked(['a'], reason)
          calls.push('revoked')
          await log.options?.assigned(['a'])
          calls.push(`again ${clock.tick('a', tickOf('again'))}`)
        })
        await run(200)
        expect(calls).not.toContain('begin tick')
        expect(after(calls, 'revoked').filter((call) => /again/.test(call))).toEqual(
          // The state of a lane that was given up is opened first.
          reason === 'paused' ? ['again true', 'begin again', 'release again'] : ['again false'],
        )
      },
    )

    test('a stream that stops handles a tick in flight, and none behind it', async () => {
      const { app, log, clock, calls, at, run, wait, stop } = setUp({ a: [] })
      app.snap(log, { sink: [clock] })(() => wait(50))
      at(10, () => {
        clock.tick('a', tickOf('first'))
        clock.tick('a', tickOf('second'))
      })
      at(20, stop)
      at(30, () => calls.push(`third ${clock.tick('a', tickOf('third'))}`))
      await run()
      expect(calls).toEqual([
        'open a',
        'begin first',
        'third false',
        'release first',
        'prepare',
        'commit',
        'position a=0',
      ])
    })

    test('a tick that never ends is in flight, is named at the end, and its state is told', async () => {
      const { app, log, clock, calls, at, run } = setUp({ a: [] })
      app.snap(log, { name: 'hang', sink: [clock], onError: { retries: 9, backoffMs: 60_000 } })(() => {
        throw new Error('not now')
      })
      at(10, () => clock.tick('a', tickOf('tick')))
      at(100, () => calls.push(`in flight ${app.health().bindings[0]?.inFlight}`))
      await expect(run(200, { shutdownMs: 1000 })).rejects.toMatchObject({
        code: 'SHUTDOWN_TIMEOUT',
        message: expect.stringContaining('1 given up in hang (lane a)'),
      })
      expect(calls).toEqual(['open a', 'begin tick', 'undo tick', 'in flight 1', 'undo tick'])
    })

    test('the watchdog sees a tick that hangs', async () => {
      const { app, host, stalls } = watched()
      const log = laneLog({ a: [] })
      const clock = statefulSink()
      app.snap(log, { name: 'hang', sink: [clock] })(() => never())
      host.setTimeout(() => void clock.tick('a', tickOf('tick')), 10)
      const stopping = new AbortController()
      host.setTimeout(() => stopping.abort(), 90_000)
      await host.settle(app.stream({}, { signal: stopping.signal, shutdownMs: 10 })).catch(() => {})
      expect(stalls).toMatchObject([{ binding: 'hang', waitsFor: 'handler' }])
    })

    test('ticks come also after the end of a source, until all sources have ended', async () => {
      const { app, host, clock, calls, at, wait } = setUp()
      const short = throughOf([[1]], clock)
      const long = (async function* () {
        yield 1
        await wait(100)
      })()
      app.snap(short)(async (message: unknown) => {
        if (typeof message === 'object') await wait(30)
      })
      app.snap(long)(() => {})
      at(60, () => calls.push(`${clock.options?.idle?.(clock.options.sources[0], 0)} ${clock.tick(0, tickOf('tick'))}`))
      // The other source ends meanwhile.
      at(95, () => clock.tick(0, tickOf('last')))
      await host.settle(app.stream({}, { checkpointMs: 1000 }))
      expect(calls.filter((call) => !/prepare|commit/.test(call))).toEqual([
        'open 0',
        'begin 1',
        'release 1',
        'true true',
        'begin tick',
        'release tick',
        'begin last',
        'release last',
      ])
    })

    test('an iterable behind a through takes ticks between its messages, and is not idle before its end', async () => {
      const { app, host, clock, calls, at, wait } = setUp()
      const slow = (async function* () {
        yield 1
        await wait(50)
        yield 2
      })()
      app.snap(throughOf([slow], clock))(() => {})
      at(20, () => calls.push(`${clock.options?.idle?.(slow, 0)} ${clock.tick(0, tickOf('tick'))}`))
      await host.settle(app.stream({}, { checkpointMs: 1000 }))
      expect(calls.filter((call) => !/prepare|commit/.test(call))).toEqual([
        'open 0',
        'begin 1',
        'release 1',
        'false true',
        'begin tick',
        'release tick',
        'begin 2',
        'release 2',
      ])
    })

    test('bindings with concurrency, and one that reads an iterable itself, take no ticks', async () => {
      const { app, log, clock, at, run } = setUp({ a: [1] })
      const direct = statefulSink()
      const endless = (async function* () {
        yield 1
        await new Promise(() => {})
      })()
      const answers: unknown[] = []
      app.snap(log, { sink: [clock], concurrency: 2 })(() => {})
      app.snap(endless, { sink: [direct] })(() => {})
      at(50, () => answers.push(clock.tick('a', tickOf('tick')), direct.tick(0, tickOf('tick'))))
      await run(100, { shutdownMs: 10 }).catch(() => {})
      expect(answers).toEqual([false, false])
    })
  })
}
