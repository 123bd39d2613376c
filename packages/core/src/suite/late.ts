import { describe, expect, test } from 'vitest'
import { createVirtualHost } from '../testing/index.ts'
import type { Core } from './core.ts'
import { laneLog, statefulSink } from './stateful.ts'

/** Messages that are older than the event time allows. */
export function lateSuite({ createApp }: Core): void {
  describe('late messages', () => {
    test('health counts each one, listeners get each one, and a logger gets one a second', async () => {
      const host = createVirtualHost()
      const app = createApp({ host })
      const log = laneLog({ a: [1] })
      const clock = statefulSink()
      const events: unknown[] = []
      const lines: unknown[] = []
      app.on('late', (event) => events.push(event))
      app.snap(log, { name: 'windows', sink: [clock] })(() => {})
      app.snap(log, { name: 'other' })(() => {})
      for (const ms of [10, 20, 500, 1009, 1010, 1500, 5000])
        host.setTimeout(() => clock.options?.late?.({ at: ms }, { lane: 'a', timestamp: ms, time: 9000 }), ms)
      const stopping = new AbortController()
      host.setTimeout(() => stopping.abort(), 6000)
      const note = (line: string) => void (line.startsWith('snapstream late') && lines.push(line))
      const logger = { debug() {}, info: note, warn: note, error: note }
      await host.settle(app.stream({}, { signal: stopping.signal, logger }))
      expect(events).toHaveLength(7)
      expect(events[0]).toEqual({ bindings: ['windows'], message: { at: 10 }, lane: 'a', timestamp: 10, time: 9000 })
      expect(lines).toEqual(
        [10, 1010, 5000].map(
          (ms) => `snapstream late: bindings windows, message an object with at, lane "a", timestamp ${ms}, time 9000`,
        ),
      )
      expect(app.health().bindings.map(({ late, handled }) => [late, handled])).toEqual([
        [7, 1],
        [0, 1],
      ])
    })
  })
}
