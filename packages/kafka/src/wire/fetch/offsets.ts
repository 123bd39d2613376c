import { SnapstreamError } from '@snapstream/core'
import { outOfRange } from '../../driver/driver-error.ts'
import type { ConsumerSettings, TopicPartition, TopicPartitionOffset } from '../../driver/driver.ts'
import { groupBy, partitionKey } from '../../driver/topic-partition.ts'
import { startOffset } from '../../driver/start-offset.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { KAFKA } from '../errors/error-table.ts'
import { oddAnswer, protocolError, throwFor } from '../errors/kafka-error.ts'

const LATEST = -1
const EARLIEST = -2

/**
 * The offsets of partitions whose metadata is known: the first that can be read, the one behind the last record, or that of
 * the first record with this timestamp or a later one (in ms since the epoch; the one behind the last if no record has it).
 */
export async function listOffsets(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  at: 'earliest' | 'latest' | number,
  readCommitted: boolean,
): Promise<TopicPartitionOffset[]> {
  const timestamp = at === 'earliest' ? EARLIEST : at === 'latest' ? LATEST : Math.ceil(at)
  const byLeader = groupBy(partitions, (of) => cluster.metadata.leaderOf(of) ?? -1)
  if (byLeader.has(-1)) throw protocolError(KAFKA.LEADER_NOT_AVAILABLE, 'a partition has no leader')
  const answers = await Promise.all(
    [...byLeader].map(async ([leader, of]) => {
      const broker = await cluster.node(leader)
      const request = of.map(({ topic, partition }) => ({ topic, partition, timestamp }))
      return broker.listOffsets({ readCommitted, partitions: request })
    }),
  )
  const found = new Map(
    answers.flat().map((answer) => {
      throwFor(answer)
      return [partitionKey(answer), answer.offset]
    }),
  )
  const offsets = partitions.map(({ topic, partition }) => {
    const offset = found.get(partitionKey({ topic, partition }))
    if (offset === undefined) throw protocolError(KAFKA.LEADER_NOT_AVAILABLE, 'a broker did not answer for a partition')
    return { topic, partition, offset }
  })
  if (typeof at !== 'number')
    for (const { topic, partition, offset } of offsets)
      if (offset < 0)
        throw oddAnswer(
          'ListOffsets',
          `partition ${partition} of ${JSON.stringify(topic)} has the ${at} offset ${offset}`,
        )
  const withoutRecord = offsets.filter(({ offset }) => offset < 0)
  if (withoutRecord.length === 0 || typeof at !== 'number') return offsets
  const ends = offsetsByKey(await listOffsets(cluster, withoutRecord, 'latest', readCommitted))
  return offsets.map((of) => ({ ...of, offset: ends.get(partitionKey(of)) ?? of.offset }))
}

/** The offset at which reading of a partition starts. `uncommitted`: see `StartOffset`. */
interface PartitionStart {
  readonly at: TopicPartitionOffset
  readonly uncommitted: boolean
}

/** The offset at which each partition starts: the committed one, else as the settings say. */
export async function startOffsets(
  cluster: Cluster,
  settings: ConsumerSettings,
  partitions: readonly TopicPartition[],
  committedOffsets: readonly TopicPartitionOffset[],
): Promise<PartitionStart[]> {
  const committed = offsetsByKey(committedOffsets)
  const unknown = partitions.filter((at) => !committed.has(partitionKey(at)))
  const [earliest, latest, atTimestamp] = await Promise.all([
    offsetsAt(cluster, settings, unknown, 'earliest'),
    offsetsAt(cluster, settings, unknown, 'latest'),
    timestampOffsets(cluster, settings, unknown),
  ])
  return partitions.map(({ topic, partition }) => {
    const key = partitionKey({ topic, partition })
    const { offset, uncommitted } = startOffset(settings, { topic, partition }, committed.get(key), {
      earliest: earliest.get(key) ?? 0,
      latest: latest.get(key) ?? 0,
      atTimestamp: () => atTimestamp.get(key) ?? 0,
    })
    return { at: { topic, partition, offset }, uncommitted }
  })
}

type OffsetsByKey = ReadonlyMap<string, number>

const offsetsByKey = (offsets: readonly TopicPartitionOffset[]): OffsetsByKey =>
  new Map(offsets.map((at) => [partitionKey(at), at.offset]))

async function offsetsAt(
  cluster: Cluster,
  { isolationLevel }: ConsumerSettings,
  partitions: readonly TopicPartition[],
  at: 'earliest' | 'latest' | number,
): Promise<OffsetsByKey> {
  if (partitions.length === 0) return new Map()
  return offsetsByKey(await listOffsets(cluster, partitions, at, isolationLevel === 'read_committed'))
}

/** The partitions that start at a timestamp. Each timestamp is asked for once. */
async function timestampOffsets(
  cluster: Cluster,
  settings: ConsumerSettings,
  partitions: readonly TopicPartition[],
): Promise<OffsetsByKey> {
  const byTimestamp = groupBy(partitions, ({ topic, partition }) => {
    const start = settings.startOffset?.(topic, partition)
    return typeof start === 'object' ? start.timestamp : undefined
  })
  const found = await Promise.all(
    [...byTimestamp].map(async ([timestamp, of]) =>
      timestamp === undefined ? [] : [...(await offsetsAt(cluster, settings, of, timestamp))],
    ),
  )
  return new Map(found.flat())
}

/**
 * The offset to go on from after a broker refused this one, as `onOffsetOutOfRange` says. Rejects with `OFFSET_OUT_OF_RANGE`
 * if that is `'error'`.
 */
export async function resetOffset(
  cluster: Cluster,
  settings: ConsumerSettings,
  at: TopicPartitionOffset,
): Promise<number> {
  const [earliest, latest] = await Promise.all([
    offsetsAt(cluster, settings, [at], 'earliest'),
    offsetsAt(cluster, settings, [at], 'latest'),
  ])
  const range = { earliest: earliest.get(partitionKey(at)) ?? 0, latest: latest.get(partitionKey(at)) ?? 0 }
  const { onOffsetOutOfRange: policy = 'error' } = settings
  if (policy === 'error') throw outOfRange(at, range.earliest, range.latest)
  return range[policy]
}

/** The error that is reported when reading goes on at another offset: the records between were not read. */
export function offsetWasReset(at: TopicPartitionOffset, offset: number): SnapstreamError {
  return new SnapstreamError(
    'OFFSET_OUT_OF_RANGE',
    `${named(at)} cannot be read; reading goes on at ${offset}, as onOffsetOutOfRange says`,
    at,
  )
}

export function everyOffsetRefused(at: TopicPartitionOffset): SnapstreamError {
  return new SnapstreamError(
    'OFFSET_OUT_OF_RANGE',
    `the broker refuses to read ${named(at)}, and refused the earliest and latest offsets that it reports too; see the log of the broker`,
    at,
  )
}

const named = ({ topic, partition, offset }: TopicPartitionOffset): string =>
  `offset ${offset} of partition ${partition} of ${JSON.stringify(topic)}`
