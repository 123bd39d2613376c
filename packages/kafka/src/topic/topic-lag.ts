import { SnapstreamError } from '@snapstream/core'
import type { PartitionBounds } from '../consumer/look-back.ts'
import type { DriverAdmin } from '../driver/driver.ts'
import { partitionKey } from '../driver/partition-key.ts'
import { startOffset } from '../driver/start-offset.ts'
import { partitionBounds } from './partition-bounds.ts'
import { withAdmin } from './prepare-topics.ts'
import type { OpenTopic, TopicLifecycle } from './topic-lifecycle.ts'
import { groupOf } from './topic-source.ts'
import type { TopicSpec } from './topic-spec.ts'

/** How far a group has come in a partition. */
export interface PartitionLag {
  readonly topic: string
  readonly partition: number
  /** The offset the group reads next; undefined if it has committed nothing. */
  readonly committed: number | undefined
  /** The offset behind the last record that can be read. */
  readonly end: number
  /**
   * How many offsets there are from what is read next to the end. Where nothing is committed reading starts as `offset`,
   * `timestamp` or `autoOffsetReset` say. Not all offsets are records.
   */
  readonly lag: number
}

/** How far the topic's group has come, partition by partition. */
export async function topicLag(spec: TopicSpec, lifecycle: TopicLifecycle): Promise<readonly PartitionLag[]> {
  const opened = await lifecycle.open()
  try {
    const groupId = groupOf(spec, opened.settings)
    if (groupId === null) throw noGroup(spec)
    const topics = await opened.found()
    return await withAdmin(opened.settings, async (admin) => {
      // What is committed is asked for first: asked for later it might lie behind the end.
      const committed = new Map(
        (await admin.committed(groupId, topics)).map((at) => [partitionKey(at), at.offset] as const),
      )
      const bounds = await partitionBounds(spec, opened, {})
      return Promise.all(bounds.map((at) => lagOf(admin, spec, opened, at, committed.get(partitionKey(at)))))
    })
  } finally {
    await lifecycle.close()
  }
}

async function lagOf(
  admin: DriverAdmin,
  spec: TopicSpec,
  { settings: { consumer } }: OpenTopic,
  { topic, partition, earliest, latest: end }: PartitionBounds,
  committed: number | undefined,
): Promise<PartitionLag> {
  const asked = spec.start(partition)
  const offsets =
    committed === undefined && typeof asked === 'object' ? await admin.offsets(topic, asked.timestamp) : undefined
  const next = startOffset(
    {
      startOffset: () => asked,
      // Nothing is read then; what is not read is all of it.
      autoOffsetReset: consumer.autoOffsetReset === 'error' ? 'earliest' : consumer.autoOffsetReset,
      groupId: null,
    },
    { topic, partition },
    committed,
    { earliest, latest: end, atTimestamp: () => offsets?.[partition]?.offset ?? end },
  )
  return { topic, partition, committed, end, lag: Math.max(0, end - next.offset) }
}

function noGroup({ name }: TopicSpec): SnapstreamError {
  return new SnapstreamError(
    'USAGE',
    `the topic ${JSON.stringify(name)} is read without a group (groupId: null), so that nothing is committed; ` +
      `give it a groupId`,
    { topic: name },
  )
}
