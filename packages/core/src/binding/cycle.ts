import { groupBy } from './binding.ts'
import type { Binding } from './binding.ts'
import { SnapstreamError } from '../error.ts'
import type { BatchSource, SinkTarget } from '../protocol.ts'

/**
 * Refuses bindings that would feed themselves without bound: those that write, directly or through other bindings, to a
 * topic or cache that they read. Throws `CYCLE`. Visits each binding, topic and cache once.
 */
export function refuseCycles(bindings: readonly Binding[]): void {
  const free = bindings.filter((binding) => !binding.cycle)
  const readers = groupBy(free, ({ sources }) =>
    sources.filter((source) => !(source as Partial<BatchSource<unknown>>)['~snapstream.bounded']),
  )
  const readTargets = ({ sink, policy }: Binding) =>
    ([...sink, policy.deadLetter] as readonly (Partial<SinkTarget<unknown>> | undefined)[])
      .flatMap((target) => target?.['~snapstream.targets'] ?? target)
      .filter((target) => readers.has(target))
  /** The visited nodes; true: the node is on the path to the top of the stack. */
  const visited = new Map<unknown, boolean>()
  // Depth first, with an explicit stack: a chain of bindings may be longer than the call stack.
  const stack: unknown[] = [...free]
  for (let node = stack.at(-1); node; node = stack.at(-1)) {
    if (visited.has(node)) stack.pop()
    visited.set(node, !visited.has(node))
    if (!visited.get(node)) continue
    // Edges lead from a topic or cache to the bindings that read it, and from a binding to the sinks that it writes to.
    for (const next of readers.get(node) ?? readTargets(node as Binding)) {
      if (visited.get(next))
        throw new SnapstreamError(
          'CYCLE',
          `${(readers.has(node) ? (next as Binding) : (node as Binding)).name} feeds itself; set until: 'end' or cycle: true`,
        )
      if (!visited.has(next)) stack.push(next)
    }
  }
}
