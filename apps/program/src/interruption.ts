import { constants } from 'node:os'
import process from 'node:process'

/** Aborted by the first signal, so that workers and broker are ended before this process; the exit code says which. */
export function interruption(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      process.exitCode = 128 + constants.signals[name]
      controller.abort(new Error(`interrupted by ${name}`))
    })
  return controller.signal
}
