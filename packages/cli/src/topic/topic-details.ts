import { Admin } from '@snapstream/kafka'
import type { TopicDetails } from '@snapstream/kafka'
import { usage } from '../usage.ts'

/** The partitions of a topic. Throws `USAGE` if the topic does not have the given partition. */
export async function topicDetails(name: string, partition?: number): Promise<TopicDetails> {
  await using admin = Admin()
  const details = await admin.describeTopic(name)
  const { partitions } = details
  if (partition !== undefined && partition >= partitions.length)
    throw usage(`the topic ${JSON.stringify(name)} has no partition ${partition}; it has ${partitions.length}, from 0`)
  return details
}
