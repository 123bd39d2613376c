import type { SinkTarget } from '../protocol.ts'
import type { BoundObjects } from '../reset.ts'

/** The sources of the bindings that write to a sink, also through a `route`, or use it. */
export function sourcesOf(bindings: readonly BoundObjects[], sink: unknown): readonly unknown[] {
  const leadsTo = (target: unknown) =>
    target === sink || (target as Partial<SinkTarget<unknown>> | undefined)?.['~snapstream.targets']?.includes(sink)
  const concerned = bindings.filter(({ targets }) => targets.some(leadsTo))
  return [...new Set(concerned.flatMap(({ sources }) => sources))]
}
