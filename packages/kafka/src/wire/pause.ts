/** Resolves after some time, or as soon as `until` does; rejects if it does that. */
export async function pause(ms: number, until?: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const time = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  try {
    await (until ? Promise.race([time, until]) : time)
  } finally {
    clearTimeout(timer)
  }
}
