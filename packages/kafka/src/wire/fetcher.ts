import type { ConsumerSettings, RecordBatch, TopicPartitionOffset } from '../driver/driver.ts'
import { groupBy } from '../driver/group-by.ts'
import { partitionKey } from '../driver/partition-key.ts'
import type { FetchedPartition } from '../record-batch/fetched-partition.ts'
import { recordColumns } from '../record-batch/record-columns.ts'
import { decompressed, recordSections } from '../record-batch/record-sections.ts'
import type { Cluster } from './cluster.ts'
import { KAFKA } from './error-table.ts'
import { hasRoom, newLane, nodeOf, preferReplica } from './fetch-lane.ts'
import type { Lane } from './fetch-lane.ts'
import { isPassing, isTopicMissing, kafkaError, protocolError, throwFor } from './kafka-error.ts'
import { pause } from './pause.ts'

const MAX_PARTITION_BYTES = 1 << 20
const SHORTEST_WAIT_MS = 5
const RETRY_PAUSE_MS = 100

/** Reads partitions, as fast as their batches are released. */
export interface Fetcher {
  /** Reads these partitions from there, and nothing else any more. */
  start(from: readonly TopicPartitionOffset[]): void
  /** Reads these as well. */
  add(from: readonly TopicPartitionOffset[]): void
  /** Drops what was read and not taken, and what is under way. */
  stop(): void
  /** Drops what was read of the partition and not taken, and goes on from there. Does nothing for another partition. */
  seek(to: TopicPartitionOffset): void
  take(): RecordBatch | undefined
  release(batch: RecordBatch): void
}

interface Epoch {
  readonly lanes: Lane[]
  readonly busyNodes: Set<number>
  ended: boolean
}

export function fetcher(options: {
  readonly cluster: Cluster
  readonly settings: ConsumerSettings
  /** How long a partition may fail for a passing reason, in ms. */
  readonly patienceMs: number
  /** Where to go on when the offset cannot be read. Rejects if that is not wanted. */
  readonly onOutOfRange: (at: TopicPartitionOffset) => Promise<number>
  readonly onBatch: () => void
  readonly onError: (error: Error) => void
}): Fetcher {
  const { cluster, settings, patienceMs, onBatch, onError } = options
  const { fetchMaxBytes, rackId = '' } = settings
  const readCommitted = settings.isolationLevel === 'read_committed'
  const out = new Map<RecordBatch, Lane>()
  let epoch: Epoch = { lanes: [], busyNodes: new Set(), ended: true }
  let next = 0
  let turn = 0

  /** Sends a fetch to every broker that has something for a partition with room, one at a time to each. */
  function schedule(of: Epoch): void {
    if (of.ended) return
    for (const [node, lanes] of groupBy(of.lanes, (lane) => nodeOf(lane, cluster.topics.leaderOf))) {
      const ready = lanes.filter((lane) => !lane.busy && hasRoom(lane))
      if (ready.length === 0) continue
      if (node === -1) void repair(of, ready, protocolError(KAFKA.LEADER_NOT_AVAILABLE))
      else if (!of.busyNodes.has(node)) void fetch(of, node, ready, waitMs(lanes))
    }
  }

  /**
   * While a partition is full, the others must not keep the connection for long: it may have room again soon. It is
   * asked for no sooner than it took so far, so that waiting costs it half of its time at most.
   */
  function waitMs(lanes: readonly Lane[]): number {
    let wait = settings.fetchMaxWaitMs
    const now = Date.now()
    for (const lane of lanes)
      if (!hasRoom(lane)) wait = Math.min(wait, Math.max(SHORTEST_WAIT_MS, now - lane.fullSince))
    return wait
  }

  async function fetch(of: Epoch, node: number, ready: readonly Lane[], maxWaitMs: number): Promise<void> {
    of.busyNodes.add(node)
    // A broker fills its answer in the order asked for: each partition has its turn to be the first.
    const first = turn++ % ready.length
    const lanes = [...ready.slice(first), ...ready.slice(0, first)]
    for (const lane of lanes) lane.busy = true
    let failed: Lane[] = []
    let problem: unknown
    try {
      const connection = await cluster.node(node, 'fetch')
      const asked = new Map(lanes.map((lane) => [partitionKey(lane), { lane, seeks: lane.seeks }]))
      const maxBytes = Math.min(fetchMaxBytes, MAX_PARTITION_BYTES)
      const answer = await connection.fetch({
        maxWaitMs,
        maxBytes: fetchMaxBytes,
        readCommitted,
        rackId,
        partitions: lanes.map(({ topic, partition, position: offset }) => ({ topic, partition, offset, maxBytes })),
      })
      if (of.ended) return
      throwFor(answer)
      for (const fetched of answer.partitions) {
        const { lane, seeks } = asked.get(partitionKey(fetched)) ?? {}
        if (!lane || lane.seeks !== seeks) continue
        if (isElsewhere(fetched, node)) preferReplica(lane, fetched.preferredReplica)
        else if (fetched.errorCode === 0) await receive(of, lane, fetched)
        // A replica may be behind, and a replica may be no more: only the leader knows what there is.
        else if (lane.replica) lane.replica = undefined
        else if (fetched.errorCode === KAFKA.OFFSET_OUT_OF_RANGE) await recover(lane)
        else {
          failed.push(lane)
          problem = protocolError(fetched.errorCode)
        }
      }
    } catch (error) {
      failed = [...lanes]
      problem = error
    }
    of.busyNodes.delete(node)
    if (of.ended) return
    for (const lane of lanes) if (!failed.includes(lane)) lane.busy = false
    if (failed.length > 0) void repair(of, failed, problem)
    schedule(of)
  }

  async function receive(of: Epoch, lane: Lane, fetched: FetchedPartition): Promise<void> {
    const { seeks, position } = lane
    lane.failingSince = undefined
    const { sections, nextOffset } = recordSections(fetched, position)
    if (nextOffset === position) return
    const plain = await decompressed(sections, fetched)
    // Asked for before the last seek: nobody wants it any more.
    if (of.ended || lane.seeks !== seeks) return
    // Brokers send it to those as well who do not care what is committed.
    const readable = readCommitted && fetched.lastStableOffset >= 0 ? fetched.lastStableOffset : fetched.endOffset
    const batch = recordColumns({ ...lane, lastStableOffset: readable }, plain, position, nextOffset)
    lane.position = nextOffset
    lane.queue.push(batch)
    if (!hasRoom(lane)) lane.fullSince = Date.now()
    onBatch()
  }

  async function recover(lane: Lane): Promise<void> {
    const { topic, partition, position: offset, seeks } = lane
    const position = await options.onOutOfRange({ topic, partition, offset })
    if (lane.seeks === seeks) lane.position = position
  }

  /** After a failure: looks at the cluster anew and lets the partitions be read again, for a limited time. */
  async function repair(of: Epoch, lanes: readonly Lane[], problem: unknown): Promise<void> {
    const now = Date.now()
    for (const lane of lanes) {
      lane.busy = true
      lane.replica = undefined
      lane.failingSince ??= now
    }
    try {
      const [lane] = lanes
      const since = Math.min(...lanes.map(({ failingSince }) => failingSince ?? now))
      // A partition that is not known may be new, or its broker has only just started.
      if (!(isPassing(problem) || isTopicMissing(problem)) || now - since > patienceMs)
        throw kafkaError(problem, `read ${JSON.stringify(lane?.topic)}`, { ...(lane && { topic: lane.topic }) })
      await pause(RETRY_PAUSE_MS)
      if (of.ended) return
      await cluster.topics.refresh().catch((error: unknown) => {
        if (!isPassing(error)) throw error
      })
    } catch (error) {
      if (!of.ended) onError(kafkaError(error, 'read'))
      return
    }
    for (const lane of lanes) lane.busy = false
    schedule(of)
  }

  return {
    start(from) {
      this.stop()
      epoch = { lanes: from.map(newLane), busyNodes: new Set(), ended: false }
      schedule(epoch)
    },
    add(from) {
      epoch.lanes.push(...from.map(newLane))
      schedule(epoch)
    },
    stop() {
      epoch.ended = true
      epoch = { lanes: [], busyNodes: new Set(), ended: true }
      out.clear()
    },
    seek(to) {
      const lane = epoch.lanes.find(({ topic, partition }) => topic === to.topic && partition === to.partition)
      if (!lane) return
      lane.seeks++
      lane.position = to.offset
      lane.queue.length = 0
      schedule(epoch)
    },
    take() {
      const { lanes } = epoch
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
      schedule(epoch)
    },
  }
}

/** Whether the leader names a replica nearby instead of handing out records. */
function isElsewhere({ errorCode, preferredReplica }: FetchedPartition, node: number): boolean {
  return errorCode === 0 && preferredReplica >= 0 && preferredReplica !== node
}
