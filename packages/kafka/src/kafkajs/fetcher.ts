import type { ConsumerSettings, RecordBatch, TopicPartition, TopicPartitionOffset } from '../driver/driver.ts'
import { groupBy } from '../driver/group-by.ts'
import { partitionKey } from '../driver/partition-key.ts'
import { refreshTopics } from './cluster-topics.ts'
import { readFetchAnswer } from './fetch-answer.ts'
import type { FetchedPartition } from '../record-batch/fetched-partition.ts'
import type { KafkaCluster } from './internals.ts'
import { isPassing, isTopicMissing, kafkaError } from './kafkajs-error.ts'
import { pause } from './pause.ts'
import { protocolError } from './protocol-error.ts'
import { withRawAnswers } from './raw-answer.ts'
import { recordColumns } from '../record-batch/record-columns.ts'
import { decompressed, recordSections } from '../record-batch/record-sections.ts'

const MAX_BATCHES_OUT = 2
const MAX_PARTITION_BYTES = 1 << 20
const SHORTEST_WAIT_MS = 5
const RETRY_PAUSE_MS = 100

/** Reads partitions, as fast as their batches are released. */
export interface Fetcher {
  /** Reads these partitions from there, and nothing else any more. */
  start(from: readonly TopicPartitionOffset[]): void
  /** Drops what was read and not taken, and what is under way. */
  stop(): void
  take(): RecordBatch | undefined
  release(batch: RecordBatch): void
}

/** A partition that is read. */
interface Lane extends TopicPartition {
  position: number
  readonly queue: RecordBatch[]
  batchesOut: number
  /** Since when it has had no room for another batch. */
  fullSince: number
  /** A fetch is under way, or it is being repaired. */
  busy: boolean
  failingSince: number | undefined
}

interface Epoch {
  readonly lanes: readonly Lane[]
  readonly busyNodes: Set<number>
  ended: boolean
}

export function fetcher(options: {
  readonly cluster: KafkaCluster
  readonly settings: ConsumerSettings
  /** How long a partition may fail for a passing reason, in ms. */
  readonly patienceMs: number
  /** Where to go on when the offset cannot be read. Rejects if that is not wanted. */
  readonly onOutOfRange: (at: TopicPartitionOffset) => Promise<number>
  readonly onBatch: () => void
  readonly onError: (error: Error) => void
}): Fetcher {
  const { cluster, settings, patienceMs, onBatch, onError } = options
  const out = new Map<RecordBatch, Lane>()
  let epoch: Epoch = { lanes: [], busyNodes: new Set(), ended: true }
  let next = 0

  const hasRoom = (lane: Lane) => lane.queue.length + lane.batchesOut < MAX_BATCHES_OUT

  function leaderOf({ topic, partition }: Lane): number {
    const found = cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition)
    return found?.leader ?? -1
  }

  /** Sends a fetch to every broker that has something for a partition with room, one at a time to each. */
  function schedule(of: Epoch): void {
    if (of.ended) return
    for (const [node, lanes] of groupBy(of.lanes, leaderOf)) {
      const ready = lanes.filter((lane) => !lane.busy && hasRoom(lane))
      if (ready.length === 0) continue
      if (node === -1) void repair(of, ready, protocolError(5))
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

  async function fetch(of: Epoch, node: number, lanes: readonly Lane[], maxWaitTime: number): Promise<void> {
    of.busyNodes.add(node)
    for (const lane of lanes) lane.busy = true
    let failed: Lane[] = []
    let problem: unknown
    try {
      const broker = await cluster.findBroker({ nodeId: node })
      const answer = await withRawAnswers(broker).fetch({
        maxWaitTime,
        minBytes: 1,
        maxBytes: settings.fetchMaxBytes,
        isolationLevel: settings.isolationLevel === 'read_committed' ? 1 : 0,
        topics: [...groupBy(lanes, ({ topic }) => topic)].map(([topic, of]) => ({
          topic,
          // KafkaJS shuffles the partitions and hands them on as they are.
          partitions: of.map(({ partition, position }) => ({
            partition,
            fetchOffset: String(position),
            maxBytes: Math.min(settings.fetchMaxBytes, MAX_PARTITION_BYTES),
          })),
        })),
      })
      if (of.ended) return
      const { errorCode, partitions } = readFetchAnswer(answer)
      if (errorCode !== 0) throw protocolError(errorCode)
      const byKey = new Map(lanes.map((lane) => [partitionKey(lane), lane]))
      for (const fetched of partitions) {
        const lane = byKey.get(partitionKey(fetched))
        if (!lane) continue
        if (fetched.errorCode === 0) await receive(of, lane, fetched)
        else if (fetched.errorCode === 1) await recover(lane)
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
    lane.failingSince = undefined
    const { sections, nextOffset } = recordSections(fetched, lane.position)
    if (nextOffset === lane.position) return
    const batch = recordColumns(lane, await decompressed(sections, fetched), lane.position, nextOffset)
    if (of.ended) return
    lane.position = nextOffset
    lane.queue.push(batch)
    if (!hasRoom(lane)) lane.fullSince = Date.now()
    onBatch()
  }

  async function recover(lane: Lane): Promise<void> {
    const { topic, partition, position: offset } = lane
    lane.position = await options.onOutOfRange({ topic, partition, offset })
  }

  /** After a failure: looks at the cluster anew and lets the partitions be read again, for a limited time. */
  async function repair(of: Epoch, lanes: readonly Lane[], problem: unknown): Promise<void> {
    const now = Date.now()
    for (const lane of lanes) {
      lane.busy = true
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
      await refreshTopics(cluster).catch((error: unknown) => {
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
      const lanes = from.map(({ topic, partition, offset }): Lane => {
        const none = { batchesOut: 0, fullSince: 0, busy: false, failingSince: undefined }
        return { topic, partition, position: offset, queue: [], ...none }
      })
      epoch = { lanes, busyNodes: new Set(), ended: false }
      schedule(epoch)
    },
    stop() {
      epoch.ended = true
      epoch = { lanes: [], busyNodes: new Set(), ended: true }
      out.clear()
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
