import { setTimeout as sleep } from 'node:timers/promises'
import { BytesCodec, createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { clock } from './clock.ts'
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

/** Reads the topic `__consumer_offsets` without joining a group. Waits while the broker is away. */
export function followCommits(brokers: string, groupId: string, input: string): Commits {
  const all: Commit[] = []
  const current = new Map<number, number>()
  const listeners = new Set<() => void>()
  const ended = new AbortController()
  /** The next offset to read, by partition of `__consumer_offsets`. */
  const next = new Map<number, number>()
  let total = 0
  let generation = 0

  async function follow(): Promise<void> {
    const app = createApp()
    const codecs = { codec: BytesCodec(), keyCodec: BytesCodec() }
    const conf = { brokers, fetchMaxWaitMs: 20, connectTimeoutMs: 60_000 }
    const topic = Topic<Uint8Array, Uint8Array>('__consumer_offsets', { ...codecs, groupId: null, conf })
    app.snap(topic)(({ partition: at, offset: place, key, value }) => {
      if (place < (next.get(at) ?? 0)) return
      next.set(at, place + 1)
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
    await app.stream({}, { signal: ended.signal })
  }

  const following = (async () => {
    while (!ended.signal.aborted)
      try {
        await follow()
      } catch {
        // The topic does not exist before the first group, and the broker may be down. Retry.
        await sleep(100)
      }
  })()

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
    async close() {
      ended.abort()
      await following
    },
  }
}
