import type { Binding } from './binding.ts'
import { isBatchSource } from './binding.ts'
import { SnapstreamError } from './error.ts'

/**
 * Refuses bindings that would feed themselves without bound: a topic or cache that is read, and written to by what
 * comes of it. Throws `CYCLE`.
 */
export function refuseCycles(bindings: readonly Binding[]): void {
  const free = bindings.filter((binding) => !binding.cycle)
  for (const { name, sources } of free)
    for (const source of sources) {
      if (!isBatchSource(source) || source['~snapstream.bounded']) continue
      // A set that grows while it is walked visits what was added.
      const reached = new Set<unknown>([source])
      for (const from of reached)
        for (const { sources: read, sinks, policy } of free)
          if (read.some((one) => one === from))
            for (const target of [...sinks, policy.deadLetter]) {
              if (target === source)
                throw new SnapstreamError(
                  'CYCLE',
                  `${name} would feed itself without end. Write elsewhere, end its source (until: 'end'), or set ` +
                    'cycle: true if the handler ends it',
                )
              reached.add(target)
            }
    }
}
