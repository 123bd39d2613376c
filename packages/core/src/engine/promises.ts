export type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>

/** Whether a value is to be drained. */
export function isIterator(value: unknown): value is AnyIterator {
  return typeof value === 'object' && typeof (value as AnyIterator | null)?.next === 'function'
}

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
