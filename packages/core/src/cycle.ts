import type { Binding } from './binding.ts'
import { SnapstreamError } from './error.ts'
import type { BatchSource, SinkTarget } from './protocol.ts'

/**
 * Refuses bindings that would feed themselves without bound: a topic or cache that is read, and written to by what
 * comes of it. Throws `CYCLE`.
 */
export function refuseCycles(bindings: readonly Binding[]): void {
  const free = bindings.filter((binding) => !binding.cycle)
  const fedBy = ({ sink, policy }: Binding) => {
    const targets = [...sink, policy.deadLetter] as readonly (Partial<SinkTarget<unknown>> | undefined)[]
    const feeds = (source: unknown) =>
      targets.flatMap((target) => target?.['~snapstream.targets'] ?? target).includes(source) &&
      !(source as BatchSource<unknown>)['~snapstream.bounded']
    return free.filter(({ sources }) => sources.some(feeds))
  }
  for (const binding of free) {
    // A set that grows while it is walked visits what was added.
    const reached = new Set(fedBy(binding))
    for (const next of reached) for (const one of fedBy(next)) reached.add(one)
    if (reached.has(binding))
      throw new SnapstreamError(
        'CYCLE',
        `${binding.name} would feed itself without end; set until: 'end' or cycle: true`,
      )
  }
}
