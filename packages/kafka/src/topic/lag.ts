import { SnapstreamError } from '@snapstream/core'
import type { DriverAdmin } from '../driver/driver.ts'
import { partitionKey } from '../driver/topic-partition.ts'
import { startOffset } from '../driver/start-offset.ts'
import { boundsOf } from './partition-bounds.ts'
import { withAdmin } from '../driver/with-admin.ts'
import type { OpenTopic, TopicLifecycle } from './topic-lifecycle.ts'
import { groupOf } from '../reading/topic-source.ts'
import type { TopicSpec } from '../options/topic-spec.ts'

/** How far a group has come in a partition. */
export interface PartitionLag {
  readonly topic: string
  readonly partition: number
  /** The offset the group reads next; undefined if it has committed nothing. */
  readonly committed: number | undefined
  /** The offset behind the last record that can be read. */
  readonly end: number
  /**
   * How many offsets there are from what is read next to the end; those that were deleted are not there. Where nothing is
   * committed reading starts as `offset`, `timestamp` or `autoOffsetReset` say. Not all offsets are records.
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
      const lags = topics.map((topic) => lagsOf(admin, spec, opened, topic, committed))
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
  topic: string,
  committed: ReadonlyMap<string, number>,
): Promise<readonly PartitionLag[]> {
  const bounds = await boundsOf(admin, topic, consumer.isolationLevel)
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
        // Nothing is read then; what is not read is all of it.
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
    `the topic ${JSON.stringify(name)} is read without a group (groupId: null), so that nothing is committed; ` +
      `give it a groupId`,
    { topic: name },
  )
}
