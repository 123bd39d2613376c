import { clock } from './clock.ts'
import { followTopic } from './follow-topic.ts'
import { parseGeneration, parseOffsetCommit } from './offset-commit.ts'

export interface Commit {
  readonly partition: number
  readonly offset: number
  /** When this process read it. */
  readonly seenAt: number
}

/** All commits of one group in one topic, in the order in which the broker wrote them. */
export interface Commits {
  readonly all: readonly Commit[]
  /** The committed offset by partition. */
  readonly current: ReadonlyMap<number, number>
  /** The sum of the current offsets. */
  readonly total: number
  /** The latest generation of the group. It grows by one with each rebalance. */
  readonly generation: number
  /** Calls a listener in the same turn in which a commit is read. Returns a function that removes the listener. */
  onMove(listener: () => void): () => void
  close(): Promise<void>
}

/** Reads the topic `__consumer_offsets`. */
export function followCommits(brokers: string, groupId: string, input: string): Commits {
  const all: Commit[] = []
  const current = new Map<number, number>()
  const listeners = new Set<() => void>()
  let total = 0
  let generation = 0

  const close = followTopic(brokers, '__consumer_offsets', ({ key, value }) => {
    const members = parseGeneration(key, value)
    if (members?.groupId === groupId) generation = Math.max(generation, members.generation)
    const commit = parseOffsetCommit(key, value)
    if (commit?.groupId !== groupId || commit.topic !== input) return
    const { partition, offset } = commit
    total += offset - (current.get(partition) ?? 0)
    current.set(partition, offset)
    all.push({ partition, offset, seenAt: clock() })
    for (const listener of listeners) listener()
  })

  return {
    all,
    current,
    get total() {
      return total
    },
    get generation() {
      return generation
    },
    onMove(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close,
  }
}
