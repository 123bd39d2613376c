import { describe, expect, test } from 'vitest'
import type { Checkpoint } from '../index.ts'
import type { Core } from './core.ts'
import { statefulSink } from './stateful.ts'
import { tickOf, used } from './ticking.ts'
import { LANES, setUpTransaction } from './transactional.ts'

/** Steps without a message in transactions. */
export function tickTransactionSuite(core: Core): void {
  describe.each([false, true])('ticks in a transaction (flows: %s)', (flows) => {
    /** A clock beside the transaction of `sink`. */
    const clockOf = () => statefulSink({ volatile: true })
    const quiet = (calls: readonly string[]) => calls.filter((call) => !/write|prepare|commit/.test(call))

    test('a transaction with a tick alone has the position of its lane', async () => {
      const { app, log, sink, run, at } = setUpTransaction(core, { a: [], b: [] }, { flows })
      const positions: unknown[] = []
      const open = sink['~snapstream.sink']
      Object.assign(sink, {
        async '~snapstream.sink'(options: Parameters<typeof open>[0]) {
          const writer = await open(options)
          return {
            ...writer,
            flush(checkpoint: Checkpoint) {
              for (const [source, at] of checkpoint.positions) positions.push([source === log, ...at])
              return writer.flush(checkpoint)
            },
          }
        },
      })
      log.committed.set('a', 5)
      const clock = clockOf()
      app.snap(log, { sink: [sink], use: [used(clock)] })((message: unknown) => String(message))
      at(40, () => clock.tick('a', tickOf('tick')))
      await run(200)
      expect(sink.committed).toEqual(['tick'])
      expect(positions).toEqual([[true, ['a', 5]]])
      expect(quiet(clock.calls)).toEqual(['open a', 'open b', 'begin tick', 'release tick'])
    })

    test('an aborted transaction drops its ticks and takes their lanes back; the clock is told and ticks again', async () => {
      const { app, log, sink, run, at } = setUpTransaction(core, { a: [1, 2], b: [11] }, { flows })
      const clock = clockOf()
      sink.aborts.set(2, new Error('fenced'))
      app.snap(log, { sink: [sink], use: [used(clock)] })((message: unknown) => String(message))
      at(40, () => clock.tick('a', tickOf('first')))
      at(100, () => clock.tick('a', tickOf('second')))
      await run(300)
      expect(sink.committed.map(String).toSorted()).toEqual(['1', '11', '2', 'second'])
      expect(log.rewound).toEqual([['a']])
      expect(quiet(clock.calls).slice(-6)).toEqual([
        'release 11',
        'begin first',
        'release first',
        'abort',
        'begin second',
        'release second',
      ])
    })

    test('a lane takes no tick before its source has gone back', async () => {
      const { app, log, sink, run, at, wait } = setUpTransaction(core, { a: [1, 2], b: [11] }, { flows })
      const clock = clockOf()
      const answers: unknown[] = []
      sink.aborts.set(1, new Error('fenced'))
      log.onRewind = async () => {
        answers.push(clock.tick('a', tickOf('early')))
        await wait(50)
        answers.push(clock.tick('a', tickOf('early')))
      }
      app.snap(log, { sink: [sink], use: [used(clock)] })((message: unknown) => String(message))
      at(200, () => answers.push(clock.tick('a', tickOf('tick'))))
      await run(300)
      expect(answers).toEqual([false, false, true])
      expect(sink.committed.map(String).toSorted()).toEqual(['1', '11', '2', 'tick'])
    })

    test('a lane that is lost with a handled tick tears its transaction', async () => {
      const { app, log, sink, aborts, run, at } = setUpTransaction(core, { a: [], b: [11] }, { flows })
      const clock = clockOf()
      app.snap(log, { sink: [sink], use: [used(clock)] })((message: unknown) => String(message))
      at(40, async () => {
        clock.tick('a', tickOf('tick'))
        await Promise.resolve()
        at(1, () => log.take('a', 'lost'))
      })
      await run(300)
      expect(sink.committed).toEqual(['11'])
      expect(aborts).toHaveLength(1)
      expect(clock.calls).toContain('close a lost')
    })

    test('a lane that was only ticked and is lost before its tick tears nothing', async () => {
      const { app, log, sink, aborts, run, at, wait } = setUpTransaction(core, { a: [1], b: [11] }, { flows })
      const clock = clockOf()
      app.snap(log, { sink: [sink], use: [used(clock)] })(async (message: unknown) => {
        if (message === 1) await wait(10)
        return String(message)
      })
      at(100, () => {
        clock.tick('a', tickOf('tick'))
        void log.take('a', 'lost')
      })
      await run(300)
      expect(sink.committed.map(String).toSorted()).toEqual(['1', '11'])
      expect(aborts).toEqual([])
    })

    test('a tick of a bounded source is committed before the stream ends', async () => {
      const { app, log, sink, host, at } = setUpTransaction(core, { a: [1] }, { flows }, false)
      const clock = clockOf()
      app.snap(log, { sink: [sink], use: [used(clock)] })((message: unknown) => String(message))
      sink.flushMs = 20
      // In the checkpoint at the end.
      at(10, () => clock.tick('a', tickOf('tick')))
      await host.settle(app.stream({}, { checkpointMs: 1000 }))
      expect(sink.committed).toEqual(['1', 'tick'])
      expect([...log.committed]).toEqual([['a', 1]])
    })

    test('a state of the process alone is kept and dropped with the transaction, once for each', async () => {
      const { app, log, sink, run } = setUpTransaction(core, LANES, { flows })
      const clock = clockOf()
      sink.aborts.set(1, new Error('no'))
      app.snap(log, { sink: [sink], use: [used(clock)] })((n) => n)
      await run(300)
      const ends = clock.calls.filter((call) => /^(commit|abort)$/.test(call))
      expect(ends).toEqual(['abort', 'commit'])
    })
  })
}
