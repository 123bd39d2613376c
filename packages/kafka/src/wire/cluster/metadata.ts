import { topicMissing } from '../../driver/driver-error.ts'
import type { TopicPartition } from '../../driver/driver.ts'
import {
  expectNames,
  isRetriable,
  isTopicMissing,
  kafkaError,
  oddAnswer,
  protocolError,
} from '../errors/kafka-error.ts'
import type { ClusterMetadata, PartitionMetadata } from '../protocol/connection.ts'

/** The age at which `refreshIfStale` requests metadata again, in ms. */
const MAX_AGE_MS = 300_000
/** The longest interval of refreshes that look for partitions added to a topic, in ms. */
const LONGEST_WATCH_MS = 60_000

/** The partitions and leaders of some topics, as the cluster last described them. */
export interface Metadata {
  /** Requests a topic unless it is known, and keeps it. Rejects with `TOPIC_MISSING`. */
  add(topic: string): Promise<void>
  /** Requests these topics, and keeps those that exist. Rejects with `TOPIC_MISSING` if one does not. */
  request(topics: readonly string[]): Promise<void>
  /**
   * Requests all topics that are known. Drops those that do not exist any more, and then rejects with `TOPIC_MISSING` unless
   * `tolerant`.
   */
  refresh(tolerant?: boolean): Promise<void>
  /** Calls `refresh(true)` if the last refresh was five minutes ago or longer. */
  refreshIfStale(): Promise<void>
  /** The partitions of a topic, in order; empty for a topic that is not known. */
  partitions(topic: string): readonly PartitionMetadata[]
  /** The leader of a partition; -1 while it has none, undefined for a partition that is not known. */
  leaderOf(at: TopicPartition): number | undefined
}

export function topicMetadata(
  requestMetadata: (topics: readonly string[]) => Promise<ClusterMetadata>,
  now: () => number = () => performance.now(),
): Metadata {
  const known = new Map<string, readonly PartitionMetadata[]>()
  let refreshedAt = now()

  async function request(names: readonly string[]): Promise<void> {
    if (names.length === 0) return
    const { topics } = await requestMetadata(names)
    expectNames(
      'Metadata',
      names,
      topics.map(({ topic }) => topic),
    )
    const asked = new Set(names)
    let problem: unknown
    for (const { topic, errorCode, partitions } of topics) {
      if (!asked.has(topic)) continue
      if (errorCode === 0) known.set(topic, inOrder(topic, partitions))
      else {
        const error = protocolError(errorCode)
        const missing = isTopicMissing(error)
        if (missing) known.delete(topic)
        // The error of a missing topic matters more than a retriable error of another topic.
        if (missing) problem = topicMissing(topic, error)
        else problem ??= named(error, topic)
      }
    }
    if (problem) throw problem
  }

  async function refresh(tolerant = false): Promise<void> {
    await request([...known.keys()]).catch((error: unknown) => {
      if (!tolerant || !isTopicMissing(error)) throw error
    })
    refreshedAt = now()
  }

  const partitions = (topic: string) => known.get(topic) ?? []
  return {
    request,
    refresh,
    partitions,
    async add(topic) {
      if (!known.has(topic)) await request([topic])
    },
    async refreshIfStale() {
      if (now() - refreshedAt > MAX_AGE_MS) await refresh(true)
    },
    leaderOf({ topic, partition }) {
      const all = partitions(topic)
      // Usually all partitions are listed, each at the index of its number.
      const one = all[partition]
      return (one?.partition === partition ? one : all.find((other) => other.partition === partition))?.leader
    },
  }
}

interface PartitionWatch {
  readonly topics: ReadonlySet<string>
  /** How often to refresh; at least once a minute. @default 60000 */
  readonly maxAgeMs?: number | undefined
  /** Called each time that one of the topics has more partitions than before. */
  onChange(): void
  /** Called when a refresh fails with an error that is not retriable. */
  onError(error: unknown): void
}

/** Refreshes the metadata at an interval to notice partitions that are added. Returns a function that stops it. */
export function watchPartitions(
  metadata: Pick<Metadata, 'partitions' | 'refresh'>,
  { topics, maxAgeMs = LONGEST_WATCH_MS, onChange, onError }: PartitionWatch,
): () => void {
  const counts = () => [...topics].map((topic) => metadata.partitions(topic).length).join()
  let before = counts()
  let open = true
  const timer = setInterval(
    () => {
      metadata.refresh().then(
        () => {
          if (!open || counts() === before) return
          before = counts()
          onChange()
        },
        (error: unknown) => {
          if (open && !isRetriable(error)) onError(error)
        },
      )
    },
    Math.min(maxAgeMs, LONGEST_WATCH_MS),
  )
  return () => {
    open = false
    clearInterval(timer)
  }
}

/** Remembers the numbers of partitions that topics had at the last assignment of this consumer. */
interface KnownPartitions {
  /** Records the numbers of partitions as they are now. */
  note(assigned: readonly TopicPartition[]): void
  /** Whether the partition was added to its topic since. */
  isNew(at: TopicPartition): boolean
}

export function knownPartitions(metadata: Pick<Metadata, 'partitions'>, topics: ReadonlySet<string>): KnownPartitions {
  const counts = new Map<string, number>()
  return {
    note(assigned) {
      for (const topic of topics) {
        // The leader of the group may know of more partitions than this member.
        const own = assigned.filter((at) => at.topic === topic).map(({ partition }) => partition + 1)
        counts.set(topic, Math.max(counts.get(topic) ?? 0, metadata.partitions(topic).length, ...own))
      }
    },
    isNew: ({ topic, partition }) => partition >= (counts.get(topic) ?? Number.POSITIVE_INFINITY),
  }
}

/** Sorts partitions by number. Throws if a number is negative or comes twice. */
function inOrder(topic: string, partitions: readonly PartitionMetadata[]): readonly PartitionMetadata[] {
  const sorted = partitions.toSorted((a, b) => a.partition - b.partition)
  if (sorted.length === 0) throw oddAnswer('Metadata', `${JSON.stringify(topic)} has no partition`, { topic })
  sorted.forEach(({ partition }, i) => {
    if (partition < 0 || partition === sorted[i - 1]?.partition)
      throw oddAnswer('Metadata', `${JSON.stringify(topic)} has a partition ${partition}, or has it twice`, { topic })
  })
  return sorted
}

/** The error with the topic in its message. A plain `KAFKA_FAILED` stays as it is: its number decides whether it is retriable. */
function named(error: Error & { readonly errorCode: number }, topic: string): unknown {
  const wrapped = kafkaError(error, `ask for the topic ${JSON.stringify(topic)}`, { topic })
  return wrapped.code === 'KAFKA_FAILED' ? error : wrapped
}
