import { SnapstreamError } from '@snapstream/core'

/** For what was called too early, or too late. */
export function notOpen(name: string): SnapstreamError {
  return new SnapstreamError(
    'NOT_OPEN',
    `the topic ${JSON.stringify(name)} is not open; call await topic.open() first, ` +
      `or bind it to a handler: snap(source, { sink: [topic] }) or { use: [topic] }`,
    { topic: name },
  )
}
