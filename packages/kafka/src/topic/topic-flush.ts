import { notOpen } from '../writing/topic-sender.ts'
import type { TopicLifecycle } from './topic-lifecycle.ts'
import type { TopicWriter } from '../writing/topic-writer.ts'

/** `topic.flush()`, and the sinks of which it tells what failed. */
export interface TopicFlush {
  flush(): Promise<void>
  /** A sink that is in use; answers how to leave it out again. */
  add(writer: Pick<TopicWriter, 'failure'>): () => void
}

export function topicFlush(name: string, lifecycle: Pick<TopicLifecycle, 'current'>): TopicFlush {
  const writers = new Set<Pick<TopicWriter, 'failure'>>()
  return {
    async flush() {
      if (lifecycle.current === undefined) throw notOpen(name)
      await lifecycle.current.sender.drained()
      for (const { failure } of writers) if (failure !== undefined) throw failure
    },
    add(writer) {
      writers.add(writer)
      return () => writers.delete(writer)
    },
  }
}
