import { SnapstreamError } from '@snapstream/core'
import type { DriverAdmin } from '../driver/driver.ts'
import { partitionBounds } from '../driver/partition-bounds.ts'
import { startOffset } from '../driver/start-offset.ts'
import { partitionKey } from '../driver/topic-partition.ts'
import { withAdmin } from '../driver/with-admin.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import { groupOf } from '../reading/topic-source.ts'
import type { OpenTopic, TopicLifecycle } from './topic-lifecycle.ts'

/** The position and the lag of a group in one partition. */
export interface PartitionLag {
  /** The name of the topic. */
  readonly topic: string
  /** The number of the partition, from 0. */
  readonly partition: number
  /** The offset that the group reads next; undefined if it has committed nothing. */
  readonly committed: number | undefined
  /** The offset behind the last record that can be read. */
  readonly end: number
  /**
   * The number of offsets that the group has yet to read, without those that were deleted. If nothing is committed, reading
   * starts as `offset`, `timestamp` or `autoOffsetReset` say. Not every offset holds a record.
   */
  readonly lag: number
}

/** The lag of the topic's group by partition. */
export async function topicLag(spec: TopicSpec, lifecycle: TopicLifecycle): Promise<readonly PartitionLag[]> {
  const opened = await lifecycle.open()
  try {
    const groupId = groupOf(spec, opened.settings)
    if (groupId === null) throw noGroup(spec)
    const topics = await opened.found()
    return await withAdmin(opened.settings, async (admin) => {
      // Committed offsets come first: requested after the end they might lie behind it.
      const committed = new Map(
        (await admin.committed(groupId, topics)).map((at) => [partitionKey(at), at.offset] as const),
      )
      const lags = topics.map((topic) => lagsOf(admin, spec, opened, { topic, committed }))
      return (await Promise.all(lags)).flat()
    })
  } finally {
    await lifecycle.close()
  }
}

async function lagsOf(
  admin: DriverAdmin,
  spec: TopicSpec,
  { settings: { consumer } }: OpenTopic,
  { topic, committed }: { readonly topic: string; readonly committed: ReadonlyMap<string, number> },
): Promise<readonly PartitionLag[]> {
  const bounds = await partitionBounds(admin, topic, consumer.isolationLevel)
  const timed = bounds
    .filter((at) => !committed.has(partitionKey(at)))
    .map(({ partition }) => spec.start(partition))
    .find((start) => typeof start === 'object')
  const atTimestamp = timed && (await admin.offsets(topic, timed.timestamp))
  return bounds.map(({ partition, earliest, latest: end }) => {
    const offset = committed.get(partitionKey({ topic, partition }))
    const next = startOffset(
      {
        startOffset: () => spec.start(partition),
        // With 'error' the group reads nothing, so that its lag is the whole partition.
        autoOffsetReset: consumer.autoOffsetReset === 'error' ? 'earliest' : consumer.autoOffsetReset,
        groupId: null,
      },
      { topic, partition },
      offset,
      { earliest, latest: end, atTimestamp: () => atTimestamp?.[partition]?.offset ?? end },
    )
    return { topic, partition, committed: offset, end, lag: Math.max(0, end - Math.max(next.offset, earliest)) }
  })
}

function noGroup({ name }: TopicSpec): SnapstreamError {
  return new SnapstreamError(
    'USAGE',
    `the topic ${JSON.stringify(name)} is read without a group (groupId: null) and commits nothing, so it has no lag; ` +
      `give it a groupId`,
    { topic: name },
  )
}
