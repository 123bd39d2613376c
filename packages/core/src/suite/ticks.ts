import { describe, expect, test } from 'vitest'
import type { Lane, Origin } from '../index.ts'
import type { Core } from './core.ts'
import { fakeSink } from './fakes.ts'
import { setUpTicks, tickOf } from './ticking.ts'

/** Steps without a message. */
export function tickSuite(core: Core): void {
  const setUp = (lanes?: Readonly<Record<string, readonly number[]>>) => setUpTicks(core, lanes)
  /** The calls behind this one. */
  const after = (calls: readonly string[], mark: string) => calls.slice(calls.indexOf(mark) + 1)

  describe('ticks', () => {
    test('a tick is a step behind the messages of its lane, with handler, state and sinks, and moves no position', async () => {
      const { app, log, clock, calls, at, run, wait } = setUp()
      const origins: unknown[] = []
      const other: unknown[] = []
      const sink = fakeSink([], {
        write(value, origin) {
          const { message, source, lane, timestamp } = origin as Origin
          origins.push([String(message), source === log, lane, timestamp])
          calls.push(`out ${String(value)}`)
        },
      })
      app.snap(log, { sink: [sink, clock] })(async (message: unknown) => {
        await wait(10)
        return `handled ${String(message)}`
      })
      app.snap(log)((message) => void other.push(message))
      at(5, () => calls.push(`ticked ${clock.tick('a', tickOf('tick', 7))}`))
      await run()
      expect(calls).toEqual([
        'open a',
        'open b',
        'begin 1',
        'ticked true',
        'out handled 1',
        'write handled 1',
        'release 1',
        'begin 2',
        'out handled 2',
        'write handled 2',
        'release 2',
        'begin tick',
        'out handled tick',
        'write handled tick',
        'release tick',
        'prepare',
        'commit',
        'position a=2',
      ])
      expect(other).toEqual([1, 2])
      expect(origins).toEqual([
        ['1', true, 'a', undefined],
        ['2', true, 'a', undefined],
        ['tick', true, 'a', 7],
      ])
      expect(app.health().bindings.map(({ handled }) => handled)).toEqual([2, 2])
    })

    test('a checkpoint with a tick commits the position again, and none without one', async () => {
      const { app, log, clock, calls, at, run } = setUp({ a: [1, 2], b: [], c: [] })
      log.committed.set('c', 40)
      app.snap(log, { sink: [clock] })(() => {})
      for (const [ms, lane] of [
        [50, 'a'],
        [120, 'a'],
        [190, 'b'],
        [260, 'c'],
      ] as const)
        at(ms, () => {
          calls.push(`at ${ms}`)
          clock.tick(lane, tickOf(`tick ${lane}`))
        })
      await run(400)
      const step = (lane: string) => [`begin tick ${lane}`, `release tick ${lane}`, 'prepare', 'commit']
      expect(after(calls, 'position a=2')).toEqual([
        'at 50',
        ...step('a'),
        'position a=2',
        'at 120',
        ...step('a'),
        'position a=2',
        'at 190',
        ...step('b'),
        'position b=0',
        'at 260',
        ...step('c'),
        'position c=40',
      ])
    })

    test('a tick in work during a checkpoint belongs to the next one', async () => {
      const { app, log, clock, calls, at, run, wait } = setUp({ a: [1] })
      app.snap(log, { sink: [clock] })(async (message: unknown) => {
        if (typeof message === 'object') await wait(50)
      })
      at(40, () => clock.tick('a', tickOf('tick')))
      await run(150)
      expect(after(calls, 'position a=1')).toEqual(['begin tick', 'release tick', 'prepare', 'commit', 'position a=1'])
    })

    test('a tick that waits or is in work is not handed over twice; one that is over may come again', async () => {
      const { app, log, clock, calls, at, run, wait } = setUp({ a: [] })
      const tick = tickOf('tick')
      app.snap(log, { sink: [clock] })(() => wait(10))
      at(40, () => calls.push(`${clock.tick('a', tick)} ${clock.tick('a', tick)}`))
      at(45, () => calls.push(`${clock.tick('a', tick)}`))
      at(60, () => calls.push(`${clock.tick('a', tick)}`))
      await run(100)
      expect(calls.filter((call) => !/open|prepare|commit|position/.test(call))).toEqual([
        'true true',
        'begin tick',
        'true',
        'release tick',
        'true',
        'begin tick',
        'release tick',
      ])
    })

    test('a failing tick is undone and tried again, skipped, or goes to the dead letter', async () => {
      for (const [onError, counts, dead] of [
        [{ retries: 1, backoffMs: 10, deadLetter: 'dead' }, { retried: 1, deadLettered: 1, handled: 0 }, ['tick']],
        ['skip', { skipped: 1, handled: 0 }, []],
      ] as const) {
        const { app, log, clock, calls, at, run } = setUp({ a: [] })
        const letters: string[] = []
        const deadLetter = ({ message }: { readonly message: unknown }) => letters.push(String(message))
        app.snap(log, {
          sink: [clock],
          onError: onError === 'skip' ? onError : { ...onError, deadLetter },
        })((message: unknown) => {
          throw new Error(String(message))
        })
        at(40, () => clock.tick('a', tickOf('tick')))
        await run(200)
        expect(letters).toEqual(dead)
        expect(app.health().bindings[0]).toMatchObject(counts)
        const attempts = onError === 'skip' ? 1 : 2
        expect(calls.filter((call) => call === 'begin tick')).toHaveLength(attempts)
        expect(calls.indexOf('undo tick')).toBeLessThan(calls.indexOf('release tick'))
        expect(calls.at(-1)).toBe('position a=0')
      }
    })

    test('there is no tick in a lane that is not open, is given up, or belongs to another source', async () => {
      const { app, log, clock, at, run, wait } = setUp({ a: [], b: [], c: [] })
      const answers: unknown[] = []
      const ask = (lane: Lane, source: unknown = log) =>
        answers.push(clock.options?.tick?.(source, lane, tickOf('tick')), clock.options?.idle?.(source, lane))
      clock.onOpen = (lane) => (lane === 'c' ? wait(100) : undefined)
      app.snap(log, { sink: [clock] })(() => {})
      at(50, async () => {
        ask('c')
        ask('d')
        ask('a', [])
        const taken = log.take('a', 'revoked')
        ask('a')
        await taken
        ask('a')
        ask('b')
      })
      at(120, () => ask('c'))
      await run(200)
      ask('b')
      const nothing = [false, false]
      // A lane with a tick is not idle.
      const ticked = [true, false]
      expect(answers).toEqual([nothing, nothing, nothing, nothing, nothing, ticked, ticked, nothing].flat())
    })

    test('a lane is idle when its source is caught up and no message or tick is left', async () => {
      const { app, log, clock, at, run, wait } = setUp({ a: [1], b: [] })
      const seen: unknown[] = []
      const look = () => seen.push(['a', 'b'].map((lane) => clock.options?.idle?.(log, lane)))
      app.snap(log, { sink: [clock] })(() => wait(10))
      at(5, look)
      at(20, () => {
        look()
        clock.tick('b', tickOf('tick'))
        look()
      })
      at(40, look)
      await run(100)
      expect(seen).toEqual([
        [false, true],
        [true, true],
        [true, false],
        [true, true],
      ])
    })
  })
}
