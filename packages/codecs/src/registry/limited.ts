/** Runs what it is given, at most so many at the same time; the others wait for their turn. */
export function limited(most: number): <T>(run: () => Promise<T>) => Promise<T> {
  let running = 0
  const waiting: (() => void)[] = []
  return async (run) => {
    if (running >= most) await new Promise<void>((resolve) => void waiting.push(resolve))
    else running++
    try {
      return await run()
    } finally {
      // Its place goes to the next.
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}
