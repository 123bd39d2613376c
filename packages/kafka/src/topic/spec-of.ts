import type { TopicSpec } from './topic-spec.ts'

const SPEC = '~snapstream.topic'

/** Lets a topic be asked what it was made with. */
export function keepSpec(topic: object, spec: TopicSpec): void {
  Object.defineProperty(topic, SPEC, { value: spec })
}

/** What a topic was made with; undefined for anything else. */
export function specOf(topic: unknown): TopicSpec | undefined {
  return (topic as { readonly [SPEC]?: TopicSpec } | null | undefined)?.[SPEC]
}
