import { constants } from 'node:os'
import process from 'node:process'

/**
 * Returns a signal that SIGINT, SIGTERM or SIGHUP aborts, so that a program can end its workers and broker first. Sets the exit
 * code to 128 plus the number of the signal.
 */
export function interruption(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      process.exitCode = 128 + constants.signals[name]
      controller.abort(new Error(`interrupted by ${name}`))
    })
  return controller.signal
}
