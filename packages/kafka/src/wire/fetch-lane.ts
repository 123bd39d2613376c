import type { RecordBatch, TopicPartition, TopicPartitionOffset } from '../driver/driver.ts'

const MAX_BATCHES_OUT = 2
/** How long a replica that the leader named is read before the leader is asked again, as Java's client does. */
const REPLICA_MAX_AGE_MS = 300_000

/** A partition that is read. */
export interface Lane extends TopicPartition {
  position: number
  /** Counts seeks: what was asked for before the last is dropped. */
  seeks: number
  readonly queue: RecordBatch[]
  batchesOut: number
  /** Since when it has had no room for another batch. */
  fullSince: number
  /** A fetch is under way, or it is being repaired. */
  busy: boolean
  failingSince: number | undefined
  /** How often in a row its offset was refused, and how often another node was named, before anything came. */
  resets: number
  detours: number
  /** The node near to this consumer that the leader named, and until when it is read. */
  replica: { readonly node: number; readonly until: number } | undefined
}

export function newLane({ topic, partition, offset }: TopicPartitionOffset): Lane {
  return {
    topic,
    partition,
    position: offset,
    seeks: 0,
    queue: [],
    batchesOut: 0,
    fullSince: 0,
    busy: false,
    failingSince: undefined,
    resets: 0,
    detours: 0,
    replica: undefined,
  }
}

export const hasRoom = (lane: Lane): boolean => lane.queue.length + lane.batchesOut < MAX_BATCHES_OUT

/** The node to read it from: a replica nearby, else the leader; -1 while there is none. */
export function nodeOf(lane: Lane, leaderOf: (at: TopicPartition) => number | undefined): number {
  const { replica } = lane
  if (replica && replica.until > performance.now()) return replica.node
  lane.replica = undefined
  return leaderOf(lane) ?? -1
}

export function preferReplica(lane: Lane, node: number): void {
  lane.replica = { node, until: performance.now() + REPLICA_MAX_AGE_MS }
}
