/** What is made for a key, once, however many ask for it meanwhile. What failed is made again for whoever asks next. */
export interface Remembered<K, V> {
  get(key: K): Promise<V>
}

export function remembered<K, V>(make: (key: K) => Promise<V>): Remembered<K, V> {
  const made = new Map<K, Promise<V>>()
  return {
    get(key) {
      const known = made.get(key)
      if (known !== undefined) return known
      const making = make(key)
      made.set(key, making)
      making.catch(() => made.delete(key))
      return making
    },
  }
}
