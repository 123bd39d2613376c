/** Lets any number of waiters sleep until something may have changed. */
export interface WakeUps {
  wake(): void
  /** Resolves at the next `wake`. */
  next(): Promise<void>
  /** Resolves once the condition holds; it is looked at now and after each `wake`. */
  until(condition: () => boolean): Promise<void>
}

export function wakeUps(): WakeUps {
  let waiting: (() => void)[] = []
  const next = () =>
    new Promise<void>((resolve) => {
      waiting.push(resolve)
    })
  return {
    wake() {
      const woken = waiting
      waiting = []
      for (const resolve of woken) resolve()
    },
    next,
    async until(condition) {
      while (!condition()) await next()
    },
  }
}
