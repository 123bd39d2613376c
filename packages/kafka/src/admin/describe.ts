import { noSuchGroup, topicMissing } from '../driver/driver-error.ts'
import type { DriverAdmin, GroupDescription, PartitionDescription } from '../driver/driver.ts'
import { groupOffsets, offsetRange } from './group-offsets.ts'
import type { GroupOffset } from './group-offsets.ts'

export interface PartitionDetails extends PartitionDescription {
  /** The first offset that can be read. */
  readonly earliest: number
  /** The offset behind the last record. */
  readonly latest: number
}

export interface TopicDetails {
  readonly topic: string
  readonly partitions: readonly PartitionDetails[]
}

export interface GroupDetails extends GroupDescription {
  /** Of the partitions in which it has committed, and of those that its members have. */
  readonly offsets: readonly GroupOffset[]
}

export async function describeTopic(admin: DriverAdmin, topic: string): Promise<TopicDetails> {
  const partitions = (await admin.describeTopics([topic])).get(topic)
  if (partitions === undefined) throw topicMissing(topic)
  const { earliest, latest } = await offsetRange(admin, topic)
  return {
    topic,
    partitions: partitions.map((described) => ({
      ...described,
      earliest: earliest[described.partition] ?? 0,
      latest: latest[described.partition] ?? 0,
    })),
  }
}

export async function describeGroup(admin: DriverAdmin, groupId: string): Promise<GroupDetails> {
  const described = (await admin.describeGroups([groupId])).get(groupId)
  if (described === undefined) throw noSuchGroup(groupId)
  const assigned = described.members.flatMap(({ partitions }) => partitions)
  return { ...described, offsets: await groupOffsets(admin, groupId, assigned) }
}
