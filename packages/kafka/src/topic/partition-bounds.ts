import { SnapstreamError } from '@snapstream/core'
import type { PartitionBounds } from '../reading/look-back.ts'
import type { DriverAdmin } from '../driver/driver.ts'
import { withAdmin } from '../driver/with-admin.ts'
import type { OpenTopic } from './topic-lifecycle.ts'
import type { TopicSpec } from '../options/topic-spec.ts'

/** Which partitions of which topics. */
export interface PartitionChoice {
  readonly topic?: string | undefined
  readonly partitions?: readonly number[] | undefined
}

/**
 * What can be read of the partitions that are meant, as it is now. Rejects with `USAGE` for a topic or a partition that
 * there is not.
 */
export async function partitionBounds(
  spec: TopicSpec,
  { settings, found }: Pick<OpenTopic, 'settings' | 'found'>,
  { topic, partitions }: PartitionChoice,
): Promise<readonly PartitionBounds[]> {
  const topics = chosenTopics(spec, await found(), topic)
  const { isolationLevel } = settings.consumer
  const bounds = await withAdmin(settings, (admin) =>
    Promise.all(topics.map((name) => boundsOf(admin, name, isolationLevel))),
  )
  if (partitions === undefined) return bounds.flat()
  return bounds.flatMap((of) =>
    [...new Set(partitions)].map((partition) => of[partition] ?? refusePartition(of, partition)),
  )
}

/** What can be read of all partitions of a topic, in order. */
export async function boundsOf(
  admin: DriverAdmin,
  topic: string,
  isolationLevel: OpenTopic['settings']['consumer']['isolationLevel'],
): Promise<readonly PartitionBounds[]> {
  const [earliest, latest] = await Promise.all([
    admin.offsets(topic, 'earliest'),
    admin.offsets(topic, 'latest', isolationLevel),
  ])
  return earliest.map(({ partition, offset }, i) => ({
    topic,
    partition,
    earliest: offset,
    // Asked for apart: what was deleted in between must not leave less than nothing.
    latest: Math.max(offset, latest[i]?.offset ?? offset),
  }))
}

/** Those of the topics that are there, or the one that is asked for. Throws `USAGE` if it is not among them. */
function chosenTopics(spec: TopicSpec, found: readonly string[], topic: string | undefined): readonly string[] {
  if (topic === undefined) return found
  if (found.includes(topic)) return [topic]
  throw new SnapstreamError(
    'USAGE',
    `Topic(${JSON.stringify(spec.name)}) does not read a topic ${JSON.stringify(topic)}; it reads ${found.join(', ')}`,
    { topic },
  )
}

function refusePartition(bounds: readonly PartitionBounds[], partition: number): never {
  const topic = bounds[0]?.topic ?? ''
  throw new SnapstreamError(
    'USAGE',
    `the topic ${JSON.stringify(topic)} has no partition ${partition}; it has ${bounds.length}, numbered from 0`,
    { topic, partition },
  )
}
