/**
 * Resolves after some time, or as soon as the signal is aborted. The signal keeps nothing of it: it may live for months and
 * see a pause each second, where a promise would remember all who ever raced with it.
 */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done)
  })
}
