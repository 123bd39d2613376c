import { setImmediate } from 'node:timers/promises'
import { toError } from '@snapstream/core'
import { outOfRange } from '../driver/driver-error.ts'
import type {
  ClientSettings,
  ConsumerSettings,
  DriverConsumer,
  TopicPartition,
  TopicPartitionOffset,
} from '../driver/driver.ts'
import { partitionKey } from '../driver/partition-key.ts'
import { wakeUp } from '../driver/wake-up.ts'
import { followTopic, listOffsets, listTopics, refreshTopics } from './cluster-topics.ts'
import { fetcher } from './fetcher.ts'
import { groupMember } from './group-member.ts'
import type { KafkaCluster } from './internals.ts'
import { kafkaError } from './kafkajs-error.ts'
import { openCluster } from './open-cluster.ts'
import { persistently } from './persistently.ts'
import { startOffsets } from './start-offsets.ts'

export async function kafkajsConsumer(client: ClientSettings, settings: ConsumerSettings): Promise<DriverConsumer> {
  const { cluster, destroy } = await openCluster(client, settings.isolationLevel === 'read_uncommitted')
  const { groupId } = settings
  // A cluster that is away for longer than that has put this member out anyway.
  const patienceMs = Math.max(client.connectTimeoutMs, settings.sessionTimeoutMs)
  let topics: Set<string>
  try {
    topics = await persistently(() => subscribe(cluster, settings), { patienceMs })
  } catch (error) {
    await destroy()
    throw kafkaError(error, 'subscribe')
  }
  const { wake, wait } = wakeUp()
  let open = true
  let failure: Error | undefined
  /** Counts assignments: what belongs to an older one is dropped. */
  let epoch = 0
  let closing: Promise<void> | undefined
  let over = () => {}
  const ended = new Promise<void>((resolve) => {
    over = resolve
  })

  function fail(error: unknown): void {
    if (!open || failure) return
    failure = toError(error)
    void end()
  }

  /** Leaves the group and closes the connections; the consumer itself stays to be closed. */
  function end(): Promise<void> {
    closing ??= (async () => {
      epoch++
      reading.stop()
      over()
      wake()
      await member?.leave()
      await destroy()
    })()
    return closing
  }

  const reading = fetcher({
    cluster,
    settings,
    patienceMs,
    onBatch: wake,
    onError: fail,
    async onOutOfRange(at) {
      const [[earliest], [latest]] = await Promise.all([
        listOffsets(cluster, [at], 'earliest'),
        listOffsets(cluster, [at], 'latest'),
      ])
      const { onOffsetOutOfRange: policy = 'error' } = settings
      if (policy === 'error') throw outOfRange(at, earliest?.offset ?? 0, latest?.offset ?? 0)
      return (policy === 'earliest' ? earliest : latest)?.offset ?? 0
    },
  })

  async function assigned(partitions: readonly TopicPartition[]): Promise<void> {
    const assignment = ++epoch
    const current = () => assignment === epoch && open && !failure
    const starts = await persistently(() => startOffsets(cluster, settings, partitions), {
      patienceMs,
      repair: () => refreshTopics(cluster),
      closed: ended,
    })
    if (!current()) return
    const answer = await settings.assigned(starts.map(({ at }) => at))
    if (!current()) return
    const answered = new Map(answer?.map((at) => [partitionKey(at), at.offset]))
    const from = starts.map(({ at }) => ({ ...at, offset: answered.get(partitionKey(at)) ?? at.offset }))
    const passing = starts.filter((start) => start.passing && !answered.has(partitionKey(start.at)))
    await member?.commit(passing.map(({ at }) => at))
    if (current()) reading.start(from)
  }

  async function revoked(partitions: readonly TopicPartition[], reason: 'revoked' | 'lost'): Promise<void> {
    epoch++
    reading.stop()
    // A batch that was just taken has to reach whoever polls first.
    await setImmediate()
    if (open && !failure && partitions.length > 0) await settings.revoked(partitions, reason)
  }

  const member =
    groupId === null
      ? undefined
      : groupMember({
          cluster,
          groupId,
          topics,
          settings,
          patienceMs,
          assigned,
          revoked,
          onError: fail,
          async elsewhere(run) {
            const other = await openCluster(client)
            try {
              // A cluster knows brokers by the answer about a topic; about one that this consumer reads is the cheapest.
              for (const topic of [...topics].slice(0, 1)) await other.cluster.addTargetTopic(topic)
              await run(other.cluster)
            } finally {
              await other.destroy()
            }
          },
        })
  if (!member) void assigned(partitionsOf(cluster, topics)).catch(fail)

  return {
    async poll() {
      while (open) {
        if (failure) throw failure
        const batch = reading.take()
        if (batch) return batch
        await wait()
      }
      return undefined
    },
    release: (batch) => reading.release(batch),
    async commit(offsets: readonly TopicPartitionOffset[]) {
      if (open && !failure) await member?.commit(offsets)
    },
    async close() {
      open = false
      await end()
    },
  }
}

function partitionsOf(cluster: KafkaCluster, topics: ReadonlySet<string>): TopicPartition[] {
  return [...topics].flatMap((topic) =>
    cluster
      .findTopicPartitionMetadata(topic)
      .map(({ partitionId: partition }) => ({ topic, partition }))
      .sort((a, b) => a.partition - b.partition),
  )
}

async function subscribe(cluster: KafkaCluster, settings: ConsumerSettings): Promise<Set<string>> {
  const topics = new Set<string>()
  const patterns = settings.topics.filter((topic) => typeof topic !== 'string')
  for (const topic of settings.topics) if (typeof topic === 'string') topics.add(topic)
  if (patterns.length > 0)
    for (const topic of await listTopics(cluster))
      if (patterns.some((pattern) => topic.search(pattern) !== -1)) topics.add(topic)
  for (const topic of topics) await followTopic(cluster, topic)
  return topics
}
