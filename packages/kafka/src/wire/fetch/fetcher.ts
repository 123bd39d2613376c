import { SnapstreamError } from '@snapstream/core'
import type { ConsumerSettings, RecordBatch, TopicPartition, TopicPartitionOffset } from '../../driver/driver.ts'
import { groupBy } from '../../driver/group-by.ts'
import { partitionKey } from '../../driver/partition-key.ts'
import type { FetchedPartition } from '../../record-batch/fetched-partition.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { KAFKA } from '../errors/error-table.ts'
import { newLane, nodeOf, preferReplica, wantsMore } from './fetch-lane.ts'
import type { Lane } from './fetch-lane.ts'
import { isRetriable, isTopicMissing, kafkaError, protocolError, throwFor } from '../errors/kafka-error.ts'
import { laneDecoder } from './lane-decoder.ts'
import { pause } from '../sleep.ts'

const MAX_PARTITION_BYTES = 1 << 20
const SHORTEST_WAIT_MS = 5
const RETRY_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 1000
/** How often nodes may name each other as the one to read from before that is a failure. */
const MAX_DETOURS = 3
/** How often in a row a broker may answer with nothing sooner than it should. */
const MAX_QUICK_ANSWERS = 2
const NO_REPLICA = 'the nodes name each other as the one to read from, and none of them hands out records'
const HELD_BACK = 'a broker answers without any of the partitions; it may hold back this client by a quota'

/** Reads partitions, as fast as their batches are released. */
export interface Fetcher {
  /** Reads these partitions from there, beside those that are read already. */
  add(from: readonly TopicPartitionOffset[]): void
  /** Drops what was read of these and not taken, and what is under way; the others are read on. */
  remove(partitions: readonly TopicPartition[]): void
  /** Drops everything: nothing is read any more. */
  stop(): void
  /** Drops what was read of the partition and not taken, and goes on from there. Does nothing for another partition. */
  seek(to: TopicPartitionOffset): void
  take(): RecordBatch | undefined
  release(batch: RecordBatch): void
}

export function fetcher(options: {
  readonly cluster: Cluster
  readonly settings: ConsumerSettings
  /** How long a partition may fail for a passing reason, in ms. */
  readonly patienceMs: number
  /** Where to go on when the offset cannot be read. Rejects if that is not wanted. */
  readonly onOutOfRange: (at: TopicPartitionOffset) => Promise<number>
  readonly onBatch: () => void
  /** Reading fails for a passing reason, and is tried again. */
  readonly onTrouble?: ((error: unknown) => void) | undefined
  readonly onError: (error: Error) => void
}): Fetcher {
  const { cluster, settings, patienceMs, onBatch, onTrouble, onError } = options
  const { fetchMaxBytes, rackId = '' } = settings
  const readCommitted = settings.isolationLevel === 'read_committed'
  const out = new Map<RecordBatch, Lane>()
  const busyNodes = new Set<number>()
  /** By node, how often in a row it answered with nothing, and at once. */
  const quickAnswers = new Map<number, number>()
  const decoder = laneDecoder({
    settings,
    onBatch,
    onTrouble,
    // Told once all that is before it is handled.
    onFailure(lane, problem) {
      lane.failure = notRead(lane, problem)
      tellFailure(lane)
    },
    onDecoded: () => schedule(),
  })
  let lanes: Lane[] = []
  let ended = false
  let next = 0
  let turn = 0

  /** Sends a fetch to every broker that has something for a partition with room, one at a time to each. */
  function schedule(): void {
    if (ended) return
    for (const [node, led] of groupBy(lanes, (lane) => nodeOf(lane, cluster.metadata.leaderOf))) {
      const ready = led.filter((lane) => !lane.busy && wantsMore(lane))
      if (ready.length === 0) continue
      if (node === -1) void repair(ready.map((lane) => ({ lane, problem: protocolError(KAFKA.LEADER_NOT_AVAILABLE) })))
      else if (!busyNodes.has(node)) void fetch(node, ready, waitMs(led))
    }
  }

  /**
   * While a partition is full, the others must not keep the connection for long: it may have room again soon. It is
   * asked for no sooner than it took so far, so that waiting costs it half of its time at most.
   */
  function waitMs(led: readonly Lane[]): number {
    let wait = settings.fetchMaxWaitMs
    const now = performance.now()
    for (const lane of led)
      if (!wantsMore(lane)) wait = Math.min(wait, Math.max(SHORTEST_WAIT_MS, now - lane.fullSince))
    return wait
  }

  async function fetch(node: number, ready: readonly Lane[], maxWaitMs: number): Promise<void> {
    busyNodes.add(node)
    // A broker fills its answer in the order asked for: each partition has its turn to be the first.
    const first = turn++ % ready.length
    const asked = [...ready.slice(first), ...ready.slice(0, first)]
    for (const lane of asked) lane.busy = true
    let failed: Failed[] = []
    const fail = (lane: Lane, problem: unknown) => failed.push({ lane, problem })
    const began = performance.now()
    let fruitless = true
    const recovering: Lane[] = []
    try {
      const connection = await cluster.node(node, 'fetch')
      const byKey = new Map(asked.map((lane) => [partitionKey(lane), { lane, seeks: lane.seeks }]))
      const unanswered = new Set(asked)
      const maxBytes = Math.min(fetchMaxBytes, MAX_PARTITION_BYTES)
      const answer = await connection.fetch({
        maxWaitMs,
        maxBytes: fetchMaxBytes,
        readCommitted,
        rackId,
        partitions: asked.map(({ topic, partition, position: offset }) => ({ topic, partition, offset, maxBytes })),
      })
      if (ended) return
      throwFor(answer)
      for (const fetched of answer.partitions) {
        const { lane, seeks } = byKey.get(partitionKey(fetched)) ?? {}
        if (!lane || lane.seeks !== seeks || !unanswered.delete(lane)) continue
        if (isElsewhere(fetched, node)) {
          preferReplica(lane, fetched.preferredReplica)
          // Nodes may go on naming each other.
          if (++lane.detours > MAX_DETOURS) fail(lane, protocolError(KAFKA.REPLICA_NOT_AVAILABLE, NO_REPLICA))
        } else if (fetched.errorCode === 0) {
          if (receive(lane, fetched)) fruitless = false
        }
        // A replica may be behind, and a replica may be no more: only the leader knows what there is.
        else if (lane.replica) lane.replica = undefined
        else if (fetched.errorCode === KAFKA.OFFSET_OUT_OF_RANGE) recovering.push(lane)
        else fail(lane, protocolError(fetched.errorCode))
      }
      // A broker that holds back a client by quota answers with nothing at all.
      if (answer.partitions.length > 0)
        for (const lane of unanswered)
          if (lane.seeks === byKey.get(partitionKey(lane))?.seeks)
            fail(lane, protocolError(KAFKA.LEADER_NOT_AVAILABLE, 'a broker left a partition out of its answer'))
      if (fruitless && failed.length === 0) await waitInstead(node, maxWaitMs - (performance.now() - began), answer)
      else quickAnswers.delete(node)
    } catch (problem) {
      failed = asked.map((lane) => ({ lane, problem }))
    }
    busyNodes.delete(node)
    if (ended) return
    const apart = new Set([...failed.map(({ lane }) => lane), ...recovering])
    for (const lane of asked) if (!apart.has(lane)) lane.busy = false
    const concerned = failed.filter(({ lane }) => lanes.includes(lane))
    if (concerned.length > 0) void repair(concerned)
    for (const lane of recovering) if (!failed.some((one) => one.lane === lane)) void recover(lane)
    schedule()
  }

  /** A broker that has nothing waits until there is something. One that does not is not asked again before it should have. */
  async function waitInstead(
    node: number,
    leftMs: number,
    { partitions }: { readonly partitions: readonly unknown[] },
  ) {
    const count = leftMs > 1 ? (quickAnswers.get(node) ?? 0) + 1 : 0
    quickAnswers.set(node, count)
    if (count <= MAX_QUICK_ANSWERS) return
    if (partitions.length === 0) onTrouble?.(protocolError(KAFKA.LEADER_NOT_AVAILABLE, HELD_BACK))
    await pause(Math.min(leftMs, LONGEST_PAUSE_MS))
  }

  /** Answers whether there was something. */
  function receive(lane: Lane, fetched: FetchedPartition): boolean {
    lane.failingSince = undefined
    lane.detours = 0
    lane.resets = 0
    return decoder.receive(lane, fetched)
  }

  function tellFailure({ failure, queue, batchesOut }: Lane): void {
    if (!ended && failure !== undefined && queue.length + batchesOut === 0) onError(failure)
  }

  /** Goes on from an offset that can be read. A broker that refuses that one too is asked again after a pause. */
  async function recover(lane: Lane): Promise<void> {
    const { topic, partition, position: offset, seeks } = lane
    const at = { topic, partition, offset }
    const since = (lane.failingSince ??= performance.now())
    // Nobody wants to read there any more.
    const over = () => ended || lane.seeks !== seeks
    try {
      if (lane.resets > 0) await pause(Math.min(RETRY_PAUSE_MS * 2 ** lane.resets, LONGEST_PAUSE_MS))
      const position = over() ? offset : await options.onOutOfRange(at)
      if (!over()) {
        if (lane.resets++ > 0 && performance.now() - since > patienceMs) throw refusesAll(at)
        lane.position = position
        onTrouble?.(goesOn(at, position))
      }
    } catch (problem) {
      if (!over()) return void repair([{ lane, problem }])
    }
    lane.busy = false
    schedule()
  }

  /** After a failure: looks at the cluster anew and lets the partitions be read again, for a limited time. */
  async function repair(failed: readonly Failed[]): Promise<void> {
    const now = performance.now()
    for (const { lane } of failed) {
      lane.busy = true
      lane.replica = undefined
      lane.detours = 0
      lane.failingSince ??= now
    }
    try {
      for (const { lane, problem } of failed) {
        const { failingSince = now } = lane
        // A partition that is not known may be new, or its broker has only just started.
        if (!(isRetriable(problem) || isTopicMissing(problem)) || now - failingSince > patienceMs)
          throw notRead(lane, problem, failed.filter((one) => one.problem === problem).length)
      }
      for (const problem of new Set(failed.map((one) => one.problem))) onTrouble?.(problem)
      await pause(RETRY_PAUSE_MS)
      if (ended) return
      await cluster.metadata.refresh().catch((error: unknown) => {
        if (!isRetriable(error)) throw error
      })
    } catch (error) {
      if (!ended) onError(kafkaError(error, 'read'))
      return
    }
    for (const { lane } of failed) lane.busy = false
    schedule()
  }

  return {
    add(from) {
      lanes.push(...from.map(newLane))
      schedule()
    },
    remove(partitions) {
      const keys = new Set(partitions.map(partitionKey))
      const removed = lanes.filter((lane) => keys.has(partitionKey(lane)))
      lanes = lanes.filter((lane) => !removed.includes(lane))
      // What is under way for them is dropped as after a seek.
      for (const lane of removed) {
        lane.seeks++
        decoder.empty(lane)
      }
      for (const [batch, lane] of out)
        if (removed.includes(lane)) {
          out.delete(batch)
          decoder.release(batch)
        }
    },
    stop() {
      ended = true
      for (const lane of lanes) decoder.empty(lane)
      lanes = []
      out.clear()
    },
    seek(to) {
      const lane = lanes.find(({ topic, partition }) => topic === to.topic && partition === to.partition)
      if (!lane) return
      lane.seeks++
      decoder.empty(lane)
      lane.position = to.offset
      lane.failure = undefined
      schedule()
    },
    take() {
      for (let n = 0; n < lanes.length; n++) {
        next = (next + 1) % lanes.length
        const lane = lanes[next]
        const batch = lane?.queue.shift()
        if (!lane || !batch) continue
        lane.batchesOut++
        out.set(batch, lane)
        return batch
      }
      return undefined
    },
    release(batch) {
      const lane = out.get(batch)
      if (!lane) return
      out.delete(batch)
      lane.batchesOut--
      decoder.release(batch)
      tellFailure(lane)
      decoder.fill(lane)
      schedule()
    },
  }
}

/** A partition, and why it could not be read. */
interface Failed {
  readonly lane: Lane
  readonly problem: unknown
}

/** `count`: of the partitions that it is about. */
function notRead({ topic, partition, position: offset }: Lane, problem: unknown, count = 1): SnapstreamError {
  const what = `partition ${partition} of ${JSON.stringify(topic)}`
  if (count === 1) return kafkaError(problem, `read ${what}`, { topic, partition, offset })
  return kafkaError(problem, `read ${what} and ${count - 1} more of the same broker`, { topic })
}

/** Whether the leader names a replica nearby instead of handing out records. */
function isElsewhere({ errorCode, preferredReplica }: FetchedPartition, node: number): boolean {
  return errorCode === 0 && preferredReplica >= 0 && preferredReplica !== node
}

/** Told when reading goes on elsewhere: what lies between was not read. */
function goesOn(at: TopicPartitionOffset, position: number): SnapstreamError {
  const { topic, partition, offset } = at
  return new SnapstreamError(
    'OFFSET_OUT_OF_RANGE',
    `offset ${offset} of partition ${partition} of ${JSON.stringify(topic)} cannot be read; reading goes on at ${position}, ` +
      'as onOffsetOutOfRange says',
    at,
  )
}

function refusesAll(at: TopicPartitionOffset): SnapstreamError {
  const { topic, partition, offset } = at
  return new SnapstreamError(
    'OFFSET_OUT_OF_RANGE',
    `the broker refuses offset ${offset} of partition ${partition} of ${JSON.stringify(topic)}, and every other that it ` +
      'names as one that can be read; look at its log',
    at,
  )
}
