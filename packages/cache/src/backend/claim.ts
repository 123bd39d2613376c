import { SnapstreamError } from '@snapstream/core'

const REGISTRY = Symbol.for('snapstream.cache.registry')

/**
 * Claims a folder (by its real path) or a database object for one cache and returns what lets go of it. It has to be
 * asked before LevelDB is: LevelDB's own lock is lost when a process that holds it opens the folder a second time.
 * Throws `CACHE_LOCKED`.
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

// One for the process, whatever the number of copies of this package: the lock is the process's too.
function sharedRegistry(): Map<string | object, string> {
  const scope = globalThis as { [REGISTRY]?: Map<string | object, string> }
  return (scope[REGISTRY] ??= new Map())
}
