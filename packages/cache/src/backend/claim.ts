import { SnapstreamError } from '@snapstream/core'

const REGISTRY = Symbol.for('snapstream.cache.registry')

/**
 * Claims a folder (by its real path) or a database object for one cache. Returns the function that releases it. A claim
 * comes before LevelDB opens the folder: a process that opens a folder a second time loses LevelDB's lock. Throws
 * `CACHE_LOCKED`.
 */
export function claim(what: string | object, name: string): () => void {
  const registry = sharedRegistry()
  const holder = registry.get(what)
  if (holder !== undefined)
    throw new SnapstreamError(
      'CACHE_LOCKED',
      `${name} is open already in this process${typeof what === 'string' ? ` (${what})` : ''}, as ${holder}; share that Cache, or close it first`,
    )
  registry.set(what, name)
  return () => {
    registry.delete(what)
  }
}

// One registry for all copies of this package: LevelDB's lock is held by the process.
function sharedRegistry(): Map<string | object, string> {
  const scope = globalThis as { [REGISTRY]?: Map<string | object, string> }
  return (scope[REGISTRY] ??= new Map())
}
