/**
 * Waits for a promise, but no longer than that: answers whether it has settled. Rejects if it does. For promises that settle
 * soon or are forgotten: one that lives for long would remember all who ever waited for it.
 */
export async function within(ms: number, pending: Promise<unknown>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const time = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, ms, false)
  })
  try {
    return await Promise.race([pending.then(() => true), time])
  } finally {
    clearTimeout(timer)
  }
}
