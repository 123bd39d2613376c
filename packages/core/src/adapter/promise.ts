/** Whether a value is thenable: an object with a function `then`. Reads `then` once, and throws if its getter throws. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && typeof (value as PromiseLike<unknown> | null)?.then === 'function'
}

/** A promise and the function that resolves it. */
export interface Deferred<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
}

/** `Promise.withResolvers`, which Node 20 lacks. */
export function deferred<T = void>(): Deferred<T> {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((settle) => (resolve = settle))
  return { promise, resolve }
}

/** A condition variable: any number of callers wait until the state that they share has changed. */
export interface Condition {
  /** Wakes all current waiters. Call it after each change of the state. */
  notify(): void
  /** Resolves at the next `notify`. Call it right after checking the state, before any other await, or a change may be missed. */
  next(): Promise<void>
  /** Resolves once the predicate is true. Checks it at once and after each `notify`. Rejects if the predicate throws. */
  until(predicate: () => boolean): Promise<void>
}

/** Makes a condition without waiters. */
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
