import { constants } from 'node:os'
import process from 'node:process'

/**
 * Handles signals from now on: instead of ending the process they abort the returned signal, so that the program can stop
 * its services first, and set the exit code to 128 + the number of the signal.
 */
export function interruption() {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(name, () => {
      process.exitCode = 128 + constants.signals[name]
      controller.abort(new Error(`interrupted by ${name}`))
    })
  return controller.signal
}
