/** Lets any number of waiters sleep until state that they share has changed: a condition variable. */
export interface Condition {
  /** Wakes all that wait now. To be called after each change of the state. */
  notify(): void
  /** Resolves at the next `notify`. A caller that checks its state first calls this before it awaits anything else. */
  next(): Promise<void>
  /** Resolves once the predicate is true; it is checked at once and after each `notify`. */
  until(predicate: () => boolean): Promise<void>
}

export function createCondition(): Condition {
  const waiting: (() => void)[] = []
  const next = () => new Promise<void>((resolve) => waiting.push(resolve))
  return {
    notify() {
      if (waiting.length > 0) for (const wake of waiting.splice(0)) wake()
    },
    next,
    async until(predicate) {
      while (!predicate()) await next()
    },
  }
}
