import { SnapstreamError } from '@snapstream/core'

/** For several names or a pattern where one name is needed. */
export function refuseMany(name: string): SnapstreamError {
  return new SnapstreamError(
    'USAGE',
    `Topic(${name}) stands for several topics and can only be read; write to a Topic with one name`,
    { topic: name },
  )
}
