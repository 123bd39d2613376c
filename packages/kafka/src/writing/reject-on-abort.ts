import { SnapstreamError } from '@snapstream/core'

/**
 * A promise that rejects with `SHUTDOWN_TIMEOUT` once no time is left to wait for acknowledgements of a topic. It need not be
 * awaited. Call `stop` when nothing waits any more.
 */
export function rejectOnAbort(signal: AbortSignal, topic: string): { readonly promise: Promise<never>; stop(): void } {
  let stop = () => {}
  const promise = new Promise<never>((_, reject) => {
    const abort = () =>
      reject(
        new SnapstreamError(
          'SHUTDOWN_TIMEOUT',
          `records for the topic ${JSON.stringify(topic)} were not acknowledged within shutdownMs; they are written again ` +
            'after a restart. Raise shutdownMs if the broker needs longer',
          { topic },
        ),
      )
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
    stop = () => signal.removeEventListener('abort', abort)
  })
  promise.catch(() => {})
  return { promise, stop }
}
