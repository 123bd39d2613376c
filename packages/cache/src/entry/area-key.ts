import type { CacheKey } from './cache-key.ts'

/**
 * The key of an entry in an area: entries beside those of the user, which reads of the cache do not show. The areas of operators
 * are such: what they buffer, their timers and their time.
 */
export class AreaKey {
  /** The name of the area: without NUL. */
  readonly area: string
  /** The key within the area. */
  readonly key: CacheKey

  constructor(area: string, key: CacheKey) {
    this.area = area
    this.key = key
  }

  /** The memory that it takes, about. */
  get length(): number {
    const { key } = this
    return typeof key === 'string' || key instanceof Uint8Array ? key.length : 0
  }

  /** For error messages. */
  toString(): string {
    return String(this.key)
  }
}

/**
 * Identifies the keys of an area in a Map, given what identifies them in a cache (`idOf`). It begins with a lone surrogate that no
 * id of a cache begins with.
 */
export function areaIds(area: string): (id: string | number | boolean) => string {
  const head = `\uD801${area}\0`
  return (id) => `${head}${typeof id}${id}`
}
