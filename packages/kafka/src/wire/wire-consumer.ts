import { setImmediate } from 'node:timers/promises'
import { toError } from '@snapstream/core'
import type {
  ClientSettings,
  ConsumerSettings,
  DriverConsumer,
  TopicPartition,
  TopicPartitionOffset,
} from '../driver/driver.ts'
import { partitionKey } from '../driver/partition-key.ts'
import { openCluster } from './cluster/cluster.ts'
import type { Connect } from './protocol/connection.ts'
import { fetcher } from './fetch/fetcher.ts'
import { groupMember } from './group/membership.ts'
import { kafkaError } from './errors/kafka-error.ts'
import { knownPartitions } from './cluster/metadata.ts'
import { loneReader } from './group/standalone.ts'
import { retry } from './errors/retry.ts'
import { startOffsets } from './fetch/offsets.ts'
import { partitionsToRead, subscribe } from './group/subscribe.ts'

export async function wireConsumer(
  connect: Connect,
  client: ClientSettings,
  settings: ConsumerSettings,
): Promise<DriverConsumer> {
  const cluster = await openCluster(client, connect)
  const { groupId } = settings
  // Whoever starts wants to know soon whether the brokers are there; whoever reads is as patient as those who write.
  const startPatienceMs = Math.max(client.connectTimeoutMs, settings.sessionTimeoutMs)
  const patienceMs = Math.max(startPatienceMs, settings.deliveryTimeoutMs ?? 0)
  let topics: Set<string>
  let all: readonly TopicPartition[]
  try {
    const repair = () => cluster.metadata.refresh(true)
    topics = await retry(() => subscribe(cluster, settings), { patienceMs: startPatienceMs, repair })
    all = groupId === null ? partitionsToRead(cluster, topics, settings.only) : []
  } catch (error) {
    await cluster.destroy()
    throw kafkaError(error, 'subscribe')
  }
  const known = knownPartitions(cluster.metadata, topics)
  const onTrouble = (error: unknown) => settings.onTrouble?.(kafkaError(error, 'reach the brokers'))
  let open = true
  let failure: Error | undefined
  /** The assignment that each partition is of, by name: what belongs to an older one is dropped. */
  const held = new Map<string, object>()
  /** Where to start instead, of partitions whose assignment is being told. */
  let seeks: Map<string, TopicPartitionOffset> | undefined
  let closing: Promise<void> | undefined
  const ending = new AbortController()

  function fail(error: unknown): void {
    if (!open || failure) return
    failure = toError(error)
    void end()
  }

  /** Leaves the group and closes the connections; the consumer itself stays to be closed. */
  function end(): Promise<void> {
    closing ??= (async () => {
      held.clear()
      reading.stop()
      ending.abort()
      await membership.leave()
      await cluster.destroy()
    })()
    return closing
  }

  const reading = fetcher({ cluster, settings, patienceMs, onTrouble })
  void reading.failed.then(fail)

  /** Beside those that are read already, which stay as they are. `appeared`: they were added to their topic meanwhile. */
  async function assigned(partitions: readonly TopicPartition[], appeared = false): Promise<void> {
    const assignment = {}
    for (const at of partitions) held.set(partitionKey(at), assignment)
    const isHeld = (at: TopicPartition) => held.get(partitionKey(at)) === assignment
    const over = () => !open || failure !== undefined || (partitions.length > 0 && !partitions.some(isHeld))
    const isNew = (at: TopicPartition) => appeared || known.isNew(at)
    const [added, old] = [partitions.filter(isNew), partitions.filter((at) => !isNew(at))]
    const find = async () => [
      ...(await startOffsets(cluster, settings, old)),
      // What was written to a partition since it appeared is to be read, whatever was said about those that were there.
      ...(await startOffsets(cluster, { ...settings, ...FROM_THE_START }, added)),
    ]
    const starts = await retry(find, {
      patienceMs,
      repair: () => cluster.metadata.refresh(),
      signal: ending.signal,
      onTrouble,
    }).catch((error: unknown) => {
      const { topic } = partitions[0] ?? {}
      throw kafkaError(error, 'find where to start reading', topic === undefined ? {} : { topic })
    })
    if (over()) return
    known.note(partitions)
    const sought = (seeks = new Map())
    const answer = await settings.assigned(starts.map(({ at }) => at))
    if (over()) return
    const answered = new Map(answer?.map((at) => [partitionKey(at), at]))
    const elsewhere = (at: TopicPartition) => sought.get(partitionKey(at)) ?? answered.get(partitionKey(at))
    const passing = starts.filter(({ at, passing }) => passing && !elsewhere(at))
    if (passing.length > 0) await membership.commit(passing.map(({ at }) => at))
    if (over()) return
    seeks = undefined
    reading.add(
      starts.filter(({ at }) => isHeld(at)).map(({ at }) => ({ ...at, offset: elsewhere(at)?.offset ?? at.offset })),
    )
  }

  async function revoked(partitions: readonly TopicPartition[], reason: 'revoked' | 'lost'): Promise<void> {
    for (const at of partitions) held.delete(partitionKey(at))
    reading.remove(partitions)
    // A batch that was just taken has to reach whoever polls first.
    await setImmediate()
    if (open && !failure) await settings.revoked(partitions, reason)
  }

  const membership =
    groupId === null
      ? loneReader({
          cluster,
          topics,
          all,
          watch: settings.only === undefined,
          metadataMaxAgeMs: settings.metadataMaxAgeMs,
          assigned,
          onError: fail,
        })
      : groupMember({ cluster, groupId, topics, settings, patienceMs, assigned, revoked, onTrouble, onError: fail })

  return {
    async poll() {
      while (open) {
        if (failure) throw failure
        const batch = reading.take()
        if (batch) return batch
        await reading.arrival()
      }
      return undefined
    },
    release: (batch) => reading.release(batch),
    seek(to) {
      if (!open || failure) return
      seeks?.set(partitionKey(to), to)
      reading.seek(to)
    },
    async commit(offsets) {
      if (open && !failure) await membership.commit(offsets)
    },
    async close() {
      open = false
      await end()
    },
  }
}

const FROM_THE_START = { autoOffsetReset: 'earliest', startOffset: () => undefined } as const
