import { expect } from 'vitest'
import { createVirtualHost } from '../testing/index.ts'
import type { Events, StreamOptions } from '../index.ts'
import type { Core } from './core.ts'

export const never = () => new Promise<never>(() => {})

export const sleep = (host: { setTimeout(f: () => void, ms: number): unknown }, ms: number) =>
  new Promise<void>((resolve) => void host.setTimeout(resolve, ms))

/** An app on virtual time with a list of its stalls. It is stopped at the end of the test. */
export const createWatched = (createApp: Core['createApp']) => () => {
  const exits: number[] = []
  const host = Object.assign(createVirtualHost(), { exit: (code: number) => exits.push(code) })
  const app = createApp({ host })
  const stalls: Events['stall'][] = []
  app.on('stall', (stall) => stalls.push(stall))
  const stop = new AbortController()
  let running: Promise<unknown> = Promise.resolve()
  return {
    host,
    app,
    stalls,
    exits,
    start(options: StreamOptions = {}) {
      running = app.stream({}, { signal: stop.signal, ...options }).catch((thrown: unknown) => thrown)
    },
    async end() {
      stop.abort()
      const error = await host.settle(running)
      expect(host.timers).toBe(0)
      return error
    },
  }
}
