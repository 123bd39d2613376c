import { SnapstreamError } from '@snapstream/core'

/** An error of the command line or the configuration: exit code 2. */
export function usage(message: string, cause?: unknown): SnapstreamError {
  return new SnapstreamError('USAGE', message, cause === undefined ? {} : { cause })
}
