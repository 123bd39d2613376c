import type { Binding } from './binding.ts'
import { isBatchSource } from './binding.ts'
import { SnapstreamError } from './error.ts'

/**
 * Refuses bindings that would feed themselves without bound: a topic or cache that is read, and written to by what
 * comes of it. Throws `CYCLE` with the names on the way.
 */
export function refuseCycles(bindings: readonly Binding[]): void {
  const free = bindings.filter((binding) => !binding.cycle)
  for (const binding of free)
    for (const source of binding.sources) {
      if (!isBatchSource(source) || source['~snapstream.bounded']) continue
      const path = pathBack(source, source, free, new Set())
      if (path === undefined) continue
      throw new SnapstreamError(
        'CYCLE',
        `${path.join(' -> ')} would feed itself without end: what it writes comes back to it. Write elsewhere, give ` +
          `the source an end (until: 'end'), or, if the handler brings it to an end, set cycle: true`,
      )
    }
}

function pathBack(from: unknown, to: unknown, bindings: readonly Binding[], seen: Set<unknown>): string[] | undefined {
  if (seen.has(from)) return undefined
  seen.add(from)
  for (const { name, sources, sinks, policy } of bindings) {
    if (!sources.some((source) => source === from)) continue
    for (const target of [...sinks, policy.deadLetter]) {
      if (target === to) return [name]
      const rest = isBatchSource(target) ? pathBack(target, to, bindings, seen) : undefined
      if (rest !== undefined) return [name, ...rest]
    }
  }
  return undefined
}
