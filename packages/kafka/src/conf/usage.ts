import { SnapstreamError } from '@snapstream/core'

/** An argument, an option or a setting is not what it takes. */
export function usage(message: string, cause?: Error): SnapstreamError {
  return new SnapstreamError('USAGE', message, cause === undefined ? {} : { cause })
}
