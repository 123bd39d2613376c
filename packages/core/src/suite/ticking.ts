import { createVirtualHost } from '../testing/index.ts'
import type { Source } from '../index.ts'
import type { Core } from './core.ts'
import { laneLog, statefulSink } from './stateful.ts'
import type { StatefulSink } from './stateful.ts'

/** A tick that shows its name in the notes of sinks. */
export const tickOf = (name: string, timestamp?: number) => ({
  ...(timestamp !== undefined && { timestamp }),
  toString: () => name,
})

/** An app on virtual time, a source with a lane of each kind, and a sink that ticks. */
export function setUpTicks(
  { createApp }: Core,
  lanes: Readonly<Record<string, readonly number[]>> = { a: [1, 2], b: [] },
) {
  const host = createVirtualHost()
  const app = createApp({ host })
  const stopping = new AbortController()
  const calls: string[] = []
  return {
    host,
    app,
    calls,
    log: laneLog(lanes, calls),
    clock: statefulSink({}, calls),
    at: (ms: number, f: () => unknown) => void host.setTimeout(() => void f(), ms),
    wait: (ms: number) => new Promise<void>((resolve) => host.setTimeout(resolve, ms)),
    stop: () => stopping.abort(),
    run(stopMs = 1000, options = {}) {
      host.setTimeout(() => stopping.abort(), stopMs)
      return host.settle(app.stream({}, { checkpointMs: 35, signal: stopping.signal, ...options }))
    },
  }
}

/** A sink that the handler uses. */
export function used(clock: StatefulSink) {
  return Object.assign(clock, { open: async () => {}, close: async () => {} })
}

/** Passes everything on, ticks as well. */
export function throughOf(sources: readonly Source<unknown>[], clock: StatefulSink) {
  return {
    '~snapstream.through': {
      name: 'pass',
      sources,
      use: [clock],
      single: [],
      sequential: true,
      bind: (handler: (result: unknown, context: never) => unknown) => ({
        handler: (message: unknown, context: unknown) => handler(message, context as never),
      }),
    },
  }
}
