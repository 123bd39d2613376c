/** What `run` answers. After so long it rejects with a `TimeoutError`, whether or not `run` heeds the signal. */
export async function withDeadline<T>(ms: number, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DOMException(`it took longer than ${ms} ms`, 'TimeoutError')), ms)
  })
  try {
    return await Promise.race([run(controller.signal), late])
  } finally {
    clearTimeout(timer)
    // Lets go of what is still open.
    controller.abort()
  }
}
