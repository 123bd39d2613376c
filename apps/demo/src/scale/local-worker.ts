import type { Driver } from '@snapstream/kafka/driver'
import { createBreakableDriver } from './breakable-driver.ts'
import { createCountingApp } from './counting-app.ts'
import type { Names } from './counting-app.ts'
import { trackPartitions, watchPartitions } from './worker.ts'
import type { Worker } from './worker.ts'

interface LocalOptions {
  readonly name: string
  readonly names: Names
  readonly folder: string
  /** The broker in memory, which the workers share. */
  readonly memory: Driver
}

/** Starts an app in this process. */
export function startLocalWorker({ name, names, folder, memory }: LocalOptions): Worker {
  const { driver, break: breakDriver } = createBreakableDriver(memory)
  const app = createCountingApp(names, folder, { driver, exactlyOnce: true })
  const { apply, partitions, takeRestored } = trackPartitions()
  watchPartitions(app, apply)
  const ending = new AbortController()
  let failure: string | undefined
  const ended = app
    .stream({}, { signal: ending.signal, shutdownMs: 2000 })
    .catch((error: unknown) => void (failure = String(error)))
    .finally(() => apply({ kind: 'revoked', partitions: [...partitions] }))

  return {
    name,
    partitions,
    takeRestored,
    get failure() {
      return ending.signal.aborted ? undefined : failure
    },
    async kill() {
      breakDriver()
      // The app waits for a broker that does not answer any more. Nobody waits for the app.
      ending.abort()
      apply({ kind: 'revoked', partitions: [...partitions] })
    },
    async stop() {
      ending.abort()
      await ended
      if (failure !== undefined) throw new Error(`worker ${name} did not end gracefully: ${failure}`)
    },
  }
}
