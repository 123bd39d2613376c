import { setImmediate } from 'node:timers/promises'
import { toError } from '@snapstream/core'
import { refuseUnequal } from '../driver/copartitioned.ts'
import { groupNeeded, transactionalIdNeeded } from '../driver/driver-error.ts'
import type {
  ClientSettings,
  ConsumerSettings,
  DriverConsumer,
  TopicPartition,
  TopicPartitionOffset,
} from '../driver/driver.ts'
import { partitionKey } from '../driver/topic-partition.ts'
import { listTopics, openCluster } from './cluster/cluster.ts'
import type { Cluster } from './cluster/cluster.ts'
import { knownPartitions } from './cluster/metadata.ts'
import type { Connect } from './protocol/connection.ts'
import { kafkaError } from './errors/kafka-error.ts'
import { fetcher } from './fetch/fetcher.ts'
import { startOffsets } from './fetch/offsets.ts'
import { claims } from './group/claims.ts'
import { committedOffsets } from './group/committed-offsets.ts'
import { groupMember } from './group/membership.ts'
import type { GroupMember } from './group/membership.ts'
import { groupOwnership } from './group/ownership.ts'
import { partitionsToRead, standaloneReader } from './group/standalone.ts'
import { retry } from './errors/retry.ts'

/**
 * A consumer over the wire. Its membership decides which partitions it owns, and its fetcher reads them. This file connects
 * the two: it looks up where to start when partitions are assigned, and stops their fetches when they are revoked.
 */
export async function wireConsumer(
  connect: Connect,
  client: ClientSettings,
  settings: ConsumerSettings,
): Promise<DriverConsumer> {
  const { groupId, groupInstanceId, transactionalId, metadataMaxAgeMs } = settings
  if (transactionalId !== undefined && groupId === null) throw groupNeeded(transactionalId)
  const cluster = await openCluster(client, connect)
  // At the start, the consumer fails soon if it cannot reach the brokers. Later it retries for as long as a producer.
  const startPatienceMs = Math.max(client.connectTimeoutMs, settings.sessionTimeoutMs)
  const patienceMs = Math.max(startPatienceMs, settings.deliveryTimeoutMs ?? 0)
  let topics: Set<string>
  /** Without a group. */
  let partitions: readonly TopicPartition[]
  try {
    const repair = () => cluster.metadata.refresh(true)
    topics = await retry(() => subscribe(cluster, settings), { patienceMs: startPatienceMs, repair })
    partitions = groupId === null ? partitionsToRead(cluster, topics, settings.only) : []
  } catch (error) {
    await cluster.destroy()
    throw kafkaError(error, 'subscribe')
  }
  const known = knownPartitions(cluster.metadata, topics)
  const onTrouble = (error: unknown) => settings.onTrouble?.(kafkaError(error, 'reach the brokers'))
  /** Undefined while the consumer reads. Has an error if it cannot go on, and none if it was closed. */
  let ended: { readonly error?: Error } | undefined
  /** Offsets to start at instead, for partitions that are being assigned. */
  let seeks: Map<string, TopicPartitionOffset> | undefined
  const ending = new AbortController()
  let shutDown: Promise<void> | undefined

  function fail(error: unknown): void {
    if (ended !== undefined) return
    ended = { error: toError(error) }
    void end()
  }

  /** Leaves the group and closes the connections. */
  function end(inOrder?: 'in order'): Promise<void> {
    shutDown ??= (async () => {
      reading.stop()
      // A static member keeps its partitions for when it comes back.
      if (inOrder && groupInstanceId === undefined) await claimed?.release()
      ending.abort()
      await membership.leave()
      await cluster.destroy()
    })()
    return shutDown
  }

  const reading = fetcher({ cluster, settings, patienceMs, onTrouble })
  void reading.failed.then(fail)

  /**
   * Starts to read partitions, beside those that are read already. `added`: the partitions were added to their topics later,
   * and are read from their first record on.
   */
  async function assigned(
    partitions: readonly TopicPartition[],
    {
      added = false,
      committed,
    }: { readonly added?: boolean; readonly committed?: readonly TopicPartitionOffset[] } = {},
  ): Promise<void> {
    const isNew = (at: TopicPartition) => added || known.isNew(at)
    const find = async () => {
      const offsets = committed ?? (groupId === null ? [] : await committedOffsets(cluster, groupId, partitions))
      const old = partitions.filter((at) => !isNew(at))
      return [
        ...(await startOffsets(cluster, settings, old, offsets)),
        ...(await startOffsets(cluster, { ...settings, ...FROM_THE_START }, partitions.filter(isNew), offsets)),
      ]
    }
    const starts = await retry(find, {
      patienceMs,
      repair: () => cluster.metadata.refresh(),
      signal: ending.signal,
      onTrouble,
    }).catch((error: unknown) => {
      const { topic } = partitions[0] ?? {}
      throw kafkaError(error, 'find where to start reading', topic === undefined ? {} : { topic })
    })
    if (ended !== undefined) return
    known.note(partitions)
    // This member becomes the owner of the partitions.
    if (transactionalId !== undefined) await membership.commit(starts.map(({ at }) => at))
    if (ended !== undefined) return
    const sought = (seeks = new Map())
    const answer = await settings.assigned(starts.map(({ at }) => at))
    if (ended !== undefined) return
    const answered = new Map(answer?.map((at) => [partitionKey(at), at]))
    const elsewhere = (at: TopicPartition) => sought.get(partitionKey(at)) ?? answered.get(partitionKey(at))
    const uncommitted = starts.filter(({ at, uncommitted }) => uncommitted && !elsewhere(at))
    if (uncommitted.length > 0 && transactionalId === undefined)
      await membership.commit(uncommitted.map(({ at }) => at))
    if (ended !== undefined) return
    seeks = undefined
    reading.add(starts.map(({ at }) => ({ ...at, offset: elsewhere(at)?.offset ?? at.offset })))
  }

  async function revoked(partitions: readonly TopicPartition[], reason: 'revoked' | 'lost'): Promise<void> {
    reading.remove(partitions)
    // A batch that was just taken has to reach the caller of `poll` first.
    await setImmediate()
    if (ended === undefined) await settings.revoked(partitions, reason)
  }

  const ownership =
    groupId === null
      ? undefined
      : groupOwnership({
          cluster,
          groupId,
          transactionalId,
          patienceMs,
          signal: ending.signal,
          onTrouble,
          commit: (offsets, owner) => membership.commit(offsets, owner),
        })

  /** Undefined if offsets are not committed in transactions. */
  const claimed =
    transactionalId === undefined || ownership === undefined
      ? undefined
      : claims({
          listener: { assigned: (given, committed) => assigned(given, { committed }), revoked },
          ownership,
          fail,
        })

  const membership: GroupMember =
    groupId === null
      ? standaloneReader({
          cluster,
          topics,
          partitions,
          watch: settings.only === undefined,
          metadataMaxAgeMs,
          assigned: (given, added) => assigned(given, { added }),
        })
      : groupMember({
          cluster,
          groupId,
          topics,
          settings,
          patienceMs,
          listener: claimed ?? { assigned: (given) => assigned(given), revoked },
          onTrouble,
        })
  void membership.failed.then(fail)

  return {
    async poll() {
      while (ended === undefined) {
        const batch = reading.take()
        if (batch) return batch
        await reading.arrival()
      }
      if (ended.error !== undefined) throw ended.error
      return undefined
    },
    release: (batch) => reading.release(batch),
    seek(to) {
      if (ended !== undefined) return
      seeks?.set(partitionKey(to), to)
      reading.seek(to)
    },
    async commit(offsets) {
      if (ended === undefined) await membership.commit(offsets)
    },
    async commitIn(producer, offsets) {
      if (transactionalId === undefined) throw transactionalIdNeeded()
      return ended === undefined && membership.commitIn(producer, offsets)
    },
    committed: async (at) => (await ownership?.committed(at)) ?? [],
    rejoin() {
      if (ended === undefined) membership.rejoin()
    },
    async close() {
      ended = {}
      await end('in order')
    },
  }
}

/**
 * The topics that the settings name, or that match a pattern of theirs. Rejects with `TOPIC_MISSING`, and with `USAGE` for
 * co-partitioned topics with different numbers of partitions.
 */
async function subscribe(cluster: Cluster, settings: ConsumerSettings): Promise<Set<string>> {
  const topics = new Set<string>()
  const patterns = settings.topics.filter((topic) => typeof topic !== 'string')
  for (const topic of settings.topics) if (typeof topic === 'string') topics.add(topic)
  if (patterns.length > 0)
    for (const topic of await listTopics(cluster))
      if (patterns.some((pattern) => topic.search(pattern) !== -1)) topics.add(topic)
  for (const topic of topics) await cluster.metadata.add(topic)
  refuseUnequal(settings.copartitioned ?? [], (topic) => cluster.metadata.partitions(topic).length)
  return topics
}

/**
 * The start of partitions that were added to a topic that is read already. All records of a new partition are read, whatever
 * `startOffset` and `autoOffsetReset` say about the others.
 */
const FROM_THE_START = { autoOffsetReset: 'earliest', startOffset: () => undefined } as const
