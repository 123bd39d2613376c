import { SnapstreamError } from '@snapstream/core'

/** The most results that are kept; then the oldest is dropped. */
const MAX_RESULTS = 2000

/**
 * Memoizes an asynchronous function: concurrent calls for a key share one call of `make`. A failure is kept for
 * `failureTtlMs`, a retriable one not at all.
 */
export function memoize<K, V>(make: (key: K) => Promise<V>, failureTtlMs: number): (key: K) => Promise<V> {
  const made = new Map<K, { readonly value: Promise<V>; until: number }>()
  return (key) => {
    const known = made.get(key)
    if (known !== undefined && performance.now() < known.until) return known.value
    const making = { value: make(key), until: Infinity }
    made.set(key, making)
    making.value.catch((error: unknown) => {
      making.until = isRetriable(error) ? 0 : performance.now() + failureTtlMs
      if (making.until === 0 && made.get(key) === making) made.delete(key)
    })
    if (made.size > MAX_RESULTS) made.delete(made.keys().next().value!)
    return making.value
  }
}

function isRetriable(error: unknown): boolean {
  // Another token may be accepted at once.
  if (!SnapstreamError.is(error)) return true
  return error.code === 'REGISTRY_UNREACHABLE' || error.code === 'AUTHENTICATION_REFUSED'
}
