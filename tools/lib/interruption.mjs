import { constants } from 'node:os'
import process from 'node:process'

/**
 * From now on signals do not end this process: the returned signal is aborted instead, so that what was started can be
 * stopped before the program ends, and the exit code is set to 128 + the signal's number.
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
