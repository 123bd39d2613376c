/** Whether a value is thenable: an object with a function `then`. Reads `then` once, and throws if its getter throws. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && typeof (value as PromiseLike<unknown> | null)?.then === 'function'
}
