import { describe, expect, test } from 'vitest'
import { createVirtualHost } from '../testing/index.ts'
import type { Checkpoint, Lane, Positions } from '../index.ts'
import type { Core } from './core.ts'
import { fakeSink, fakeSource } from './fakes.ts'

export function checkpointSuite({ createApp }: Core): void {
  describe('checkpoints', () => {
    test('flush and then commit, every checkpointMs and at the end, each position once', async () => {
      const host = createVirtualHost()
      const log: string[] = []
      const app = createApp({ host })
      const source = fakeSource(log, [{ lane: 'a', messages: [1, 2, 3] }])
      app.snap(source, { sink: [fakeSink(log, { write() {} })] })(async (n) => {
        await new Promise<void>((resolve) => host.setTimeout(resolve, 40))
        return n
      })
      await host.settle(app.stream({}, { checkpointMs: 50 }))
      const lines = log.filter((line) => /flush|commit/.test(line))
      expect(lines).toEqual(['flush', 'commit a=1', 'flush', 'commit a=2', 'flush', 'commit a=3'])
    })

    test('commit the smallest position that all bindings of the source have handled', async () => {
      const host = createVirtualHost()
      const log: string[] = []
      const app = createApp({ host })
      const source = fakeSource(log, [{ lane: 'a', messages: [1, 2] }], { live: true })
      app.snap(source)(() => {})
      app.snap(source)(async () => {
        await new Promise<void>((resolve) => host.setTimeout(resolve, 100))
      })
      const running = app.stream({}, { checkpointMs: 60, signal: abortAt(host, 300) })
      await host.settle(running)
      expect(log.filter((line) => line.startsWith('commit'))).toEqual(['commit a=1', 'commit a=2'])
    })

    test('happen before lanes are revoked, and never for lost lanes', async () => {
      for (const reason of ['revoked', 'lost'] as const) {
        const host = createVirtualHost()
        const log: string[] = []
        const app = createApp({ host })
        const source = fakeSource(log, [{ lane: 'a', messages: [1, 2, 3] }], { live: true })
        app.snap(source)(async () => {
          await new Promise<void>((resolve) => host.setTimeout(resolve, 100))
        })
        host.setTimeout(async () => {
          await source.options?.revoked(['a'], reason)
          log.push(`given back at ${host.now()}`)
        }, 150)
        await host.settle(app.stream({}, { signal: abortAt(host, 1000), checkpointMs: 500 }))
        const lines = log.filter((line) => !line.startsWith('close'))
        expect(lines).toEqual(reason === 'lost' ? ['given back at 200'] : ['commit a=2', 'given back at 200'])
      }
    })

    test('include the message whose handler revokes the lanes, even before its first await', async () => {
      for (const concurrency of [1, 2]) {
        const host = createVirtualHost()
        const log: string[] = []
        const app = createApp({ host })
        const source = fakeSource(log, [{ lane: 'a', messages: [{ key: 1 }, { key: 1 }, { key: 1 }] }], { live: true })
        let given: Promise<void> | undefined
        let seen = 0
        app.snap(source, { concurrency })(async () => {
          if (++seen === 2) given = source.options?.revoked(['a'], 'revoked')
          await new Promise<void>((resolve) => host.setTimeout(resolve, 100))
        })
        await host.settle(app.stream({}, { signal: abortAt(host, 1000), checkpointMs: 700 }))
        await given
        expect(seen).toBe(2)
        expect(log.filter((line) => line.startsWith('commit'))).toEqual(['commit a=2'])
      }
    })

    test('with an atomic sink store effects and positions together, and do not commit to the source', async () => {
      const host = createVirtualHost()
      const log: string[] = []
      const kept = new Map<Lane, number>([['a', 1]])
      const app = createApp({ host })
      const source = fakeSource(log, [{ lane: 'a', messages: ['p', 'q'] }])
      let effects: unknown[] = []
      let assigned: Positions | void = undefined
      const sink = fakeSink(log, {
        atomic: true,
        write: (value) => void effects.push(value),
        flush({ positions }: Checkpoint) {
          if (effects.length === 0) return
          const lines = [...(positions.get(source) ?? [])].map(([lane, position]) => `${lane}=${position}`)
          log.push(`transaction of ${effects.join(' ')} with ${lines.join(' ')}`)
          effects = []
        },
        positions: (_, lanes) => new Map(lanes.map((lane) => [lane, kept.get(lane) ?? 0])),
      })
      app.snap(source, { sink: [sink] })(async function* (value) {
        yield `${String(value)}1`
        if (value === 'p') assigned = await source.options?.assigned(['a'])
        await new Promise<void>((resolve) => host.setTimeout(resolve, 80))
        yield `${String(value)}2`
      })
      await host.settle(app.stream({}, { checkpointMs: 50 }))
      expect(log.filter((line) => /transaction|commit/.test(line))).toEqual([
        'transaction of p1 p2 with a=1',
        'transaction of q1 q2 with a=2',
      ])
      expect(assigned).toEqual(new Map([['a', 1]]))
    })

    test('refuse an atomic sink that does not get all effects of its source', async () => {
      const app = createApp()
      const source = fakeSource([], [])
      app.snap(source, { sink: [fakeSink([], { atomic: true })] })((value) => value)
      app.snap(source)((value) => value)
      await expect(app.stream()).rejects.toMatchObject({
        code: 'USAGE',
        message:
          'the exactly-once sink of handler 1 and handler 2 has to be the only one of its source; for another, read the source under another groupId, got an array of 1',
      })
    })

    test('pass the origin of a value to a sink', async () => {
      const host = createVirtualHost()
      const app = createApp({ host })
      const origins: unknown[] = []
      const sink = fakeSink([], {
        write: (value, origin) => void origins.push([value, origin?.lane, origin?.timestamp]),
      })
      app.snap(fakeSource([], [{ lane: 'a', messages: ['x', 'y'] }]), { sink: [sink] })((value) => value)
      app.snap([5], { sink: [sink], timestamp: (n) => n * 100 })((n) => n)
      await host.settle(app.stream())
      expect(origins).toEqual([
        ['x', 'a', 1000],
        ['y', 'a', 1001],
        [5, 0, 500],
      ])
    })
  })
}

function abortAt(host: ReturnType<typeof createVirtualHost>, ms: number): AbortSignal {
  const controller = new AbortController()
  host.setTimeout(() => controller.abort(), ms)
  return controller.signal
}
