import { SnapstreamError } from '@snapstream/core'

/** How much is kept; beyond, what was asked for first is made anew when it is asked for again. */
const MOST_KEPT = 2000

/**
 * What is made for a key, once, however many ask for it meanwhile. That it failed is kept for a while, unless it may be
 * different the next moment.
 */
export interface Remembered<K, V> {
  get(key: K): Promise<V>
}

export function remembered<K, V>(make: (key: K) => Promise<V>, failureTtlMs: number): Remembered<K, V> {
  const made = new Map<K, { readonly value: Promise<V>; until: number }>()
  return {
    get(key) {
      const known = made.get(key)
      if (known !== undefined && performance.now() < known.until) return known.value
      const making = { value: make(key), until: Infinity }
      made.set(key, making)
      making.value.catch((error: unknown) => {
        making.until = isPassing(error) ? 0 : performance.now() + failureTtlMs
        if (making.until === 0 && made.get(key) === making) made.delete(key)
      })
      if (made.size > MOST_KEPT) made.delete(made.keys().next().value!)
      return making.value
    },
  }
}

function isPassing(error: unknown): boolean {
  if (!SnapstreamError.is(error)) return true
  return error.code === 'REGISTRY_UNREACHABLE' || error.code === 'AUTHENTICATION_REFUSED'
}
