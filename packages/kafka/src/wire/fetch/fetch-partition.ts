import type { MaybePromise, SnapstreamError } from '@snapstream/core'
import { isThenable } from '@snapstream/core/adapter'
import type { TopicPartition, TopicPartitionOffset } from '../../driver/driver.ts'
import type { DecompressionRoom } from '../../record-batch/decompression-room.ts'
import type { FetchedPartition } from '../../record-batch/fetched-partition.ts'
import { partitionReader } from '../../record-batch/partition-reader.ts'
import type { FetchedBatch, PartitionReader } from '../../record-batch/partition-reader.ts'
import { kafkaError } from '../errors/kafka-error.ts'

/** Batches of a partition that are decoded and not released yet. */
const MAX_BATCHES = 2
/** How long a preferred replica is read before the leader is asked again, as Java's client does. */
const REPLICA_MAX_AGE_MS = 300_000

/**
 * `idle`: it may be fetched. `fetching`: a fetch is in flight. `retrying`: the last fetch failed, and the next one waits for
 * new metadata. `resetting`: the broker refused the offset, and another one is being looked up.
 */
export type FetchPhase = 'idle' | 'fetching' | 'retrying' | 'resetting'

/**
 * The state of one partition that is fetched: the offset to fetch next, the fetched records that are not decoded, and the
 * decoded batches that are not released. Only the functions of this file write it.
 */
export interface FetchPartition extends TopicPartition {
  readonly phase: FetchPhase
  /** The offset to fetch next: behind the last batch that was decoded. */
  readonly position: number
  /** Counts seeks. An answer to a request of an older epoch is dropped. */
  readonly epoch: number
  /** Reads the records that were fetched and are not decoded yet. */
  readonly reader: PartitionReader | undefined
  /** The reader waits for a batch that is being decompressed. */
  readonly decoding: boolean
  /** Batches that are decoded and not taken yet. */
  readonly buffered: FetchedBatch[]
  /** How many batches were taken and are not released yet. */
  readonly taken: number
  /** Since when there has been no room for another batch, by `performance.now()`. */
  readonly fullSince: number
  /** The reason why nothing behind `position` can be read. It takes effect once all batches before it are released. */
  readonly failure: SnapstreamError | undefined
  /** The offset of the last batch whose checksum was wrong. */
  readonly doubted: number | undefined
  /** The replica that the leader named for this consumer's rack, and until when it is read. */
  readonly replica: { readonly node: number; readonly until: number } | undefined
  /** How often in a row a node named another node to read from, and how often in a row the offset was refused. */
  readonly redirects: number
  readonly resets: number
  /** Since when no fetch of it has succeeded. */
  readonly failingSince: number | undefined
}

type Mutable = { -readonly [F in keyof FetchPartition]: FetchPartition[F] }

export function fetchPartition({ topic, partition, offset }: TopicPartitionOffset): FetchPartition {
  return {
    topic,
    partition,
    phase: 'idle',
    position: offset,
    epoch: 0,
    reader: undefined,
    decoding: false,
    buffered: [],
    taken: 0,
    fullSince: 0,
    failure: undefined,
    doubted: undefined,
    replica: undefined,
    redirects: 0,
    resets: 0,
    failingSince: undefined,
  }
}

// ---- fetching -------------------------------------------------------------------------------------------------------

/** Whether there is room for the records that a fetch would bring. */
export function hasRoom(of: FetchPartition): boolean {
  return of.reader === undefined && of.failure === undefined && holdsFew(of)
}

const holdsFew = ({ buffered, taken }: FetchPartition): boolean => buffered.length + taken < MAX_BATCHES

/** Whether it is to be fetched now. */
export const isFetchable = (of: FetchPartition): boolean => of.phase === 'idle' && hasRoom(of)

/** The node to fetch it from: a replica nearby, else the leader; -1 while it has none. */
export function nodeOf(of: FetchPartition, leaderOf: (at: TopicPartition) => number | undefined): number {
  const { replica } = of
  return replica !== undefined && replica.until > performance.now() ? replica.node : (leaderOf(of) ?? -1)
}

export function enter(of: FetchPartition, phase: FetchPhase): void {
  const state: Mutable = of
  state.phase = phase
  if (phase === 'retrying') {
    // Only the leader is asked after a failure.
    state.replica = undefined
    state.redirects = 0
  }
  if (phase === 'retrying' || phase === 'resetting') state.failingSince ??= performance.now()
}

/** Reads from this node for a while. Returns how often in a row a node named another one. */
export function redirect(of: FetchPartition, node: number): number {
  const state: Mutable = of
  state.replica = { node, until: performance.now() + REPLICA_MAX_AGE_MS }
  return ++state.redirects
}

/** Reads from the leader again. */
export function leaveReplica(of: FetchPartition): void {
  const state: Mutable = of
  state.replica = undefined
}

/** Fetches from this offset instead of the one that the broker refused. */
export function reset(of: FetchPartition, offset: number): void {
  const state: Mutable = of
  state.position = offset
  state.resets++
}

// ---- records --------------------------------------------------------------------------------------------------------

/** Takes the records of a successful fetch, to be decoded. `readable`: the offset behind the last record that can be read. */
export function receive(
  of: FetchPartition,
  fetched: FetchedPartition,
  readable: number,
  room: DecompressionRoom,
): void {
  const state: Mutable = of
  state.failingSince = undefined
  state.redirects = 0
  state.resets = 0
  if (fetched.records.length > 0) state.reader = partitionReader(fetched, of.position, readable, room)
}

/**
 * Decodes fetched records, as far as there is room. Returns a promise if a batch has to be decompressed first: once it
 * resolves there may be more to decode. It never rejects. An error after which nothing can be read becomes `failure`.
 *
 * @param onTrouble called when a batch has a wrong checksum and is fetched once more
 */
export function decode(of: FetchPartition, onTrouble: (error: SnapstreamError) => void): PromiseLike<void> | undefined {
  const state: Mutable = of
  while (state.reader !== undefined && !state.decoding && holdsFew(of)) {
    const { reader } = state
    let batch: MaybePromise<FetchedBatch | undefined>
    try {
      batch = reader.next()
    } catch (problem) {
      fail(state, problem)
      return undefined
    }
    if (isThenable(batch)) {
      state.decoding = true
      const isCurrent = () => state.reader === reader
      return batch.then(
        (settled) => {
          if (isCurrent()) {
            state.decoding = false
            add(state, settled, onTrouble)
          } else settled?.release?.()
        },
        (problem: unknown) => {
          if (isCurrent()) fail(state, problem)
        },
      )
    }
    add(state, batch, onTrouble)
  }
  return undefined
}

function add(state: Mutable, batch: FetchedBatch | undefined, onTrouble: (error: SnapstreamError) => void): void {
  if (batch === undefined) {
    state.reader = undefined
    return
  }
  const unread = batch.error?.(0)
  // The network may have damaged the batch: fetch it once more.
  if (unread?.code === 'KAFKA_FAILED' && state.doubted !== unread.offset) {
    state.doubted = unread.offset
    closeReader(state)
    onTrouble(unread)
    return
  }
  state.position = batch.nextOffset
  state.buffered.push(batch)
  if (!holdsFew(state)) state.fullSince = performance.now()
}

function fail(state: Mutable, problem: unknown): void {
  closeReader(state)
  state.failure = notRead(state, problem)
}

function closeReader(state: Mutable): void {
  state.reader?.close()
  state.reader = undefined
  state.decoding = false
}

/** The next batch that is decoded. */
export function takeBatch(of: FetchPartition): FetchedBatch | undefined {
  const state: Mutable = of
  const batch = state.buffered.shift()
  if (batch !== undefined) state.taken++
  return batch
}

/** Releases a batch that was taken, which makes room for another one. */
export function releaseBatch(of: FetchPartition, batch: FetchedBatch): void {
  const state: Mutable = of
  state.taken--
  batch.release?.()
}

/** The reason why it cannot be read any further, once all batches before that are released. */
export function failureOf({ failure, buffered, taken }: FetchPartition): SnapstreamError | undefined {
  return buffered.length + taken === 0 ? failure : undefined
}

/** Drops fetched records that were not taken, and the answer to the fetch in flight. */
export function drop(of: FetchPartition): void {
  const state: Mutable = of
  state.epoch++
  closeReader(state)
  for (const batch of state.buffered.splice(0)) batch.release?.()
}

/** Fetches from this offset from now on. */
export function seekTo(of: FetchPartition, offset: number): void {
  const state: Mutable = of
  drop(of)
  state.position = offset
  state.failure = undefined
}

/** The error of a partition that cannot be read. @param count the number of partitions that could not be read for this reason */
export function notRead(of: FetchPartition, problem: unknown, count = 1): SnapstreamError {
  const { topic, partition, position: offset } = of
  const name = `partition ${partition} of ${JSON.stringify(topic)}`
  if (count === 1) return kafkaError(problem, `read ${name}`, { topic, partition, offset })
  return kafkaError(problem, `read ${name} and ${count - 1} more of the same broker`, { topic })
}
