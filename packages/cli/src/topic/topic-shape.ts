import { Admin } from '@snapstream/kafka'
import type { TopicDetails } from '@snapstream/kafka'
import { usage } from '../usage.ts'

/** The partitions of a topic. Throws `USAGE` for one that is asked for and is not there. */
export async function topicShape(name: string, partition?: number): Promise<TopicDetails> {
  await using admin = Admin()
  const shape = await admin.describeTopic(name)
  const { partitions } = shape
  if (partition !== undefined && partition >= partitions.length)
    throw usage(`the topic ${JSON.stringify(name)} has no partition ${partition}; it has ${partitions.length}, from 0`)
  return shape
}
