import { SnapstreamError } from '@snapstream/core'

/** Something on the command line or in the configuration is not what it takes: exit code 2. */
export function usage(message: string, cause?: unknown): SnapstreamError {
  return new SnapstreamError('USAGE', message, cause === undefined ? {} : { cause })
}
