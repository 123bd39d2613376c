import { backoff, createCondition, sleep } from '@snapstream/core/adapter'
import type { ConsumerSettings, RecordBatch, TopicPartition, TopicPartitionOffset } from '../../driver/driver.ts'
import { groupBy, partitionKey } from '../../driver/topic-partition.ts'
import { decompressionRoom } from '../../record-batch/decompression-room.ts'
import type { FetchedPartition } from '../../record-batch/fetched-partition.ts'
import type { FetchedBatch } from '../../record-batch/partition-reader.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { KAFKA } from '../errors/error-table.ts'
import { isRetriable, isTopicMissing, kafkaError, protocolError, throwFor } from '../errors/kafka-error.ts'
import {
  decode,
  drop,
  enter,
  failureOf,
  fetchPartition,
  hasRoom,
  isFetchable,
  leaveReplica,
  nodeOf,
  notRead,
  receive,
  redirect,
  releaseBatch,
  reset,
  seekTo,
  takeBatch,
} from './fetch-partition.ts'
import type { FetchPartition } from './fetch-partition.ts'
import { everyOffsetRefused, offsetWasReset, resetOffset } from './offsets.ts'

const MAX_PARTITION_BYTES = 1 << 20
const SHORTEST_WAIT_MS = 5
const RETRY_DELAY_MS = 100
const MAX_DELAY_MS = 1000
/** How often in a row nodes may name each other as the node to read from. */
const MAX_REDIRECTS = 3
/** How often in a row a broker may send an empty answer before `maxWaitMs` is over. */
const MAX_QUICK_ANSWERS = 2
const NO_REPLICA = 'the nodes name each other as the one to read from, and none of them hands out records'
const LEFT_OUT = 'a broker left a partition out of its answer'
const HELD_BACK = 'a broker answers without any of the partitions; it may hold back this client by a quota'

/** Fetches partitions, each up to two batches ahead of those that are released. */
export interface Fetcher {
  /** Fetches these partitions from their offsets, beside those that are fetched already. */
  add(from: readonly TopicPartitionOffset[]): void
  /** Stops fetching these partitions. Drops their fetched records that were not taken. */
  remove(partitions: readonly TopicPartition[]): void
  /**
   * Goes on from this offset. Drops fetched records of the partition that were not taken. Ignores partitions that are not
   * fetched.
   */
  seek(to: TopicPartitionOffset): void
  /** The next batch, of each partition in turn; undefined while none waits. */
  take(): RecordBatch | undefined
  /** Releases a batch, which makes room for another one of its partition. */
  release(batch: RecordBatch): void
  /** Resolves when there may be a batch to take, or after `stop`. */
  arrival(): Promise<void>
  /** Resolves with the error after which nothing can be fetched any more. */
  readonly failed: Promise<Error>
  /** Stops fetching, and drops everything. */
  stop(): void
}

/** The reason why a partition could not be fetched. */
interface Failure {
  readonly of: FetchPartition
  readonly problem: unknown
}

/** The result of a fetch for one partition. `empty`: it brought no record, and may be fetched again. */
type Outcome = 'records' | 'empty' | 'out of range' | { readonly problem: unknown }

export function fetcher(options: {
  readonly cluster: Cluster
  readonly settings: ConsumerSettings
  /** How long a partition may fail with retriable errors, in ms. */
  readonly patienceMs: number
  /** Called with each error that is retried. */
  readonly onTrouble?: (error: unknown) => void
}): Fetcher {
  const { cluster, settings, patienceMs, onTrouble = () => {} } = options
  const { fetchMaxBytes, rackId = '' } = settings
  const readCommitted = settings.isolationLevel === 'read_committed'
  const room = decompressionRoom(settings.maxDecompressedBytes)
  const { notify: wake, next: wait } = createCondition()
  let partitions: readonly FetchPartition[] = []
  /** The batches that were taken and are not released. */
  const taken = new Map<FetchedBatch, FetchPartition>()
  /** The nodes with a fetch loop. */
  const busy = new Set<number>()
  /** By node, how often in a row it sent an empty answer before `maxWaitMs`. */
  const quickAnswers = new Map<number, number>()
  let stopped = false
  /** The partition whose turn it was to give a batch, and the number of the fetch. */
  let turn = 0
  let fetches = 0
  let fail!: (error: Error) => void
  const failed = new Promise<Error>((resolve) => (fail = resolve))

  // ---- one loop per node --------------------------------------------------------------------------------------------

  const byNode = () => groupBy(partitions, (of) => nodeOf(of, cluster.metadata.leaderOf))

  /** Starts a loop for each node that has something to fetch and no loop. */
  function schedule(): void {
    if (stopped) return
    for (const [node, led] of byNode()) {
      const ready = led.filter(isFetchable)
      if (ready.length === 0) continue
      if (node === -1) void retryLater(ready.map((of) => ({ of, problem: protocolError(KAFKA.LEADER_NOT_AVAILABLE) })))
      else if (!busy.has(node)) void fetchFrom(node, led)
    }
  }

  /** Fetches from a node, one request at a time, for as long as one of its partitions has room. */
  async function fetchFrom(node: number, first: readonly FetchPartition[]): Promise<void> {
    busy.add(node)
    for (let led = first; !stopped && led.some(isFetchable); led = byNode().get(node) ?? []) {
      await fetchOnce(node, led)
      // Some of them may have another node now.
      schedule()
    }
    busy.delete(node)
  }

  async function fetchOnce(node: number, led: readonly FetchPartition[]): Promise<void> {
    const ready = led.filter(isFetchable)
    // A broker fills its answer in the order of the request: each partition takes its turn to be the first.
    const first = fetches++ % ready.length
    const asked = [...ready.slice(first), ...ready.slice(0, first)]
    const maxWaitMs = waitFor(led)
    for (const of of asked) enter(of, 'fetching')
    let outcomes: ReadonlyMap<FetchPartition, Outcome>
    try {
      outcomes = await request(node, asked, maxWaitMs)
    } catch (problem) {
      outcomes = new Map(asked.map((of) => [of, { problem }]))
    }
    if (stopped) return
    const failures: Failure[] = []
    for (const of of asked) {
      const outcome = outcomes.get(of)
      if (typeof outcome === 'object') failures.push({ of, problem: outcome.problem })
      else if (outcome === 'out of range') void moveIntoRange(of)
      else enter(of, 'idle')
    }
    const current = failures.filter(({ of }) => partitions.includes(of))
    if (current.length > 0) void retryLater(current)
  }

  /**
   * How long a broker may wait for records, in ms. While a partition is full, the others must not keep the connection for
   * long: it may have room again soon. The wait is as long as the partition has been full, so it costs at most half of its time.
   */
  function waitFor(led: readonly FetchPartition[]): number {
    let waitMs = settings.fetchMaxWaitMs
    const now = performance.now()
    for (const of of led) if (!hasRoom(of)) waitMs = Math.min(waitMs, Math.max(SHORTEST_WAIT_MS, now - of.fullSince))
    return waitMs
  }

  /** Fetches the records of these partitions from a node, and begins to decode them. */
  async function request(
    node: number,
    asked: readonly FetchPartition[],
    maxWaitMs: number,
  ): Promise<ReadonlyMap<FetchPartition, Outcome>> {
    const began = performance.now()
    const epochs = new Map(asked.map((of) => [of, of.epoch]))
    const connection = await cluster.node(node, 'fetch')
    const byKey = new Map(asked.map((of) => [partitionKey(of), of]))
    const maxBytes = Math.min(fetchMaxBytes, MAX_PARTITION_BYTES)
    const answer = await connection.fetch({
      maxWaitMs,
      maxBytes: fetchMaxBytes,
      readCommitted,
      rackId,
      partitions: asked.map(({ topic, partition, position: offset }) => ({ topic, partition, offset, maxBytes })),
    })
    const outcomes = new Map<FetchPartition, Outcome>()
    if (stopped) return outcomes
    throwFor(answer)
    for (const fetched of answer.partitions) {
      const of = byKey.get(partitionKey(fetched))
      if (of !== undefined && of.epoch === epochs.get(of) && !outcomes.has(of))
        outcomes.set(of, outcomeOf(of, node, fetched))
    }
    // A broker that throttles a client answers without any partition.
    if (answer.partitions.length > 0)
      for (const of of asked)
        if (of.epoch === epochs.get(of) && !outcomes.has(of))
          outcomes.set(of, { problem: protocolError(KAFKA.LEADER_NOT_AVAILABLE, LEFT_OUT) })
    const brought = [...outcomes.values()].some((outcome) => outcome === 'records' || typeof outcome === 'object')
    if (brought) quickAnswers.delete(node)
    else await slowDown(node, maxWaitMs - (performance.now() - began), answer.partitions.length === 0)
    return outcomes
  }

  function outcomeOf(of: FetchPartition, node: number, fetched: FetchedPartition): Outcome {
    const { topic, partition, errorCode, preferredReplica } = fetched
    if (errorCode === 0 && preferredReplica >= 0 && preferredReplica !== node) {
      if (redirect(of, preferredReplica) <= MAX_REDIRECTS) return 'empty'
      return { problem: protocolError(KAFKA.REPLICA_NOT_AVAILABLE, NO_REPLICA) }
    }
    if (errorCode === 0) {
      // Brokers send a last stable offset to readers of uncommitted records, too.
      const readable = readCommitted && fetched.lastStableOffset >= 0 ? fetched.lastStableOffset : fetched.endOffset
      receive(of, fetched, readable, room)
      if (of.reader !== undefined) {
        decodeMore(of)
        return 'records'
      }
      settings.onEndOffset?.({ topic, partition, offset: readable })
      return 'empty'
    }
    // A replica may be behind, or gone: only the leader knows which offsets exist.
    if (of.replica !== undefined) {
      leaveReplica(of)
      return 'empty'
    }
    return errorCode === KAFKA.OFFSET_OUT_OF_RANGE ? 'out of range' : { problem: protocolError(errorCode) }
  }

  /** A broker without records should wait for some. One that answers too early again and again is asked less often. */
  async function slowDown(node: number, leftMs: number, leftAllOut: boolean): Promise<void> {
    const count = leftMs > 1 ? (quickAnswers.get(node) ?? 0) + 1 : 0
    quickAnswers.set(node, count)
    if (count <= MAX_QUICK_ANSWERS) return
    if (leftAllOut) onTrouble(protocolError(KAFKA.LEADER_NOT_AVAILABLE, HELD_BACK))
    await sleep(Math.min(leftMs, MAX_DELAY_MS))
  }

  // ---- after a failure ----------------------------------------------------------------------------------------------

  /** Refreshes the metadata and lets the partitions be fetched again, until `patienceMs` is over. */
  async function retryLater(failures: readonly Failure[]): Promise<void> {
    for (const { of } of failures) enter(of, 'retrying')
    const now = performance.now()
    try {
      for (const { of, problem } of failures) {
        const { failingSince = now } = of
        // A partition that is not known may be new, or its broker has only just started.
        if (!(isRetriable(problem) || isTopicMissing(problem)) || now - failingSince > patienceMs)
          throw notRead(of, problem, failures.filter((one) => one.problem === problem).length)
      }
      for (const problem of new Set(failures.map((one) => one.problem))) onTrouble(problem)
      await sleep(RETRY_DELAY_MS)
      if (stopped) return
      await cluster.metadata.refresh().catch((error: unknown) => {
        if (!isRetriable(error)) throw error
      })
    } catch (error) {
      if (!stopped) fail(kafkaError(error, 'read'))
      return
    }
    for (const { of } of failures) enter(of, 'idle')
    schedule()
  }

  /** Goes on from an offset that can be read. If the broker refuses that one as well, it is asked again after a delay. */
  async function moveIntoRange(of: FetchPartition): Promise<void> {
    enter(of, 'resetting')
    const { topic, partition, position, epoch, resets, failingSince = 0 } = of
    const at = { topic, partition, offset: position }
    const isOver = () => stopped || of.epoch !== epoch
    try {
      if (resets > 0) await sleep(backoff(resets, { firstMs: 2 * RETRY_DELAY_MS, maxMs: MAX_DELAY_MS }))
      const offset = isOver() ? position : await resetOffset(cluster, settings, at)
      if (!isOver()) {
        if (resets > 0 && performance.now() - failingSince > patienceMs) throw everyOffsetRefused(at)
        reset(of, offset)
        onTrouble(offsetWasReset(at, offset))
      }
    } catch (problem) {
      if (!isOver()) return void retryLater([{ of, problem }])
    }
    enter(of, 'idle')
    schedule()
  }

  // ---- decoding -----------------------------------------------------------------------------------------------------

  /** Decodes as far as there is room, and then fetches if there is room for more. */
  function decodeMore(of: FetchPartition): void {
    const pending = decode(of, onTrouble)
    if (pending !== undefined)
      void pending.then(() => {
        decodeMore(of)
        schedule()
      })
    if (stopped) return
    if (of.buffered.length > 0) wake()
    const failure = failureOf(of)
    if (failure !== undefined) fail(failure)
  }

  return {
    add(from) {
      partitions = [...partitions, ...from.map(fetchPartition)]
      schedule()
    },
    remove(removed) {
      const keys = new Set(removed.map(partitionKey))
      const isRemoved = (of: FetchPartition) => keys.has(partitionKey(of))
      for (const of of partitions) if (isRemoved(of)) drop(of)
      for (const [batch, of] of taken)
        if (isRemoved(of)) {
          taken.delete(batch)
          batch.release?.()
        }
      partitions = partitions.filter((of) => !isRemoved(of))
    },
    seek(to) {
      const of = partitions.find(({ topic, partition }) => topic === to.topic && partition === to.partition)
      if (of === undefined) return
      seekTo(of, to.offset)
      schedule()
    },
    take() {
      for (let n = 0; n < partitions.length; n++) {
        turn = (turn + 1) % partitions.length
        const of = partitions[turn]
        const batch = of && takeBatch(of)
        if (of === undefined || batch === undefined) continue
        taken.set(batch, of)
        return batch
      }
      return undefined
    },
    release(batch) {
      const of = taken.get(batch)
      if (of === undefined) return
      taken.delete(batch)
      releaseBatch(of, batch)
      decodeMore(of)
      if (isFetchable(of)) schedule()
    },
    arrival: wait,
    failed,
    stop() {
      stopped = true
      for (const of of partitions) drop(of)
      partitions = []
      taken.clear()
      wake()
    },
  }
}
