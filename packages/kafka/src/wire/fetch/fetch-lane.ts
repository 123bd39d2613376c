import type { RecordBatch, TopicPartition, TopicPartitionOffset } from '../../driver/driver.ts'
import type { PartitionReader } from '../../record-batch/partition-reader.ts'

const MAX_BATCHES_OUT = 2
/** How long a replica that the leader named is read before the leader is asked again, as Java's client does. */
const REPLICA_MAX_AGE_MS = 300_000

/** A partition that is read. */
export interface Lane extends TopicPartition {
  position: number
  /** Counts seeks: what was asked for before the last is dropped. */
  seeks: number
  /** Decoded, and not taken. */
  readonly queue: RecordBatch[]
  batchesOut: number
  /** Of what was fetched and is not decoded; undefined where there is nothing. */
  reader: PartitionReader | undefined
  /** The reader is at work. */
  decoding: boolean
  /** Why there is no going on, once everything before it is handled. */
  failure: Error | undefined
  /** Since when it has had no room for another batch. */
  fullSince: number
  /** The offset of the batch whose checksum was wrong when it was read last. */
  doubted: number | undefined
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
    reader: undefined,
    decoding: false,
    failure: undefined,
    doubted: undefined,
    fullSince: 0,
    busy: false,
    failingSince: undefined,
    resets: 0,
    detours: 0,
    replica: undefined,
  }
}

export const hasRoom = (lane: Lane): boolean => lane.queue.length + lane.batchesOut < MAX_BATCHES_OUT

/** Whether there is room for what would be fetched. */
export const wantsMore = (lane: Lane): boolean =>
  lane.reader === undefined && lane.failure === undefined && hasRoom(lane)

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
