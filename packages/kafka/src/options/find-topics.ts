import { SnapstreamError } from '@snapstream/core'
import type { DriverAdmin } from '../driver/driver.ts'
import { createTopics } from './new-topics.ts'
import type { TopicSpec } from './topic-spec.ts'

/** Finds the topics that a spec names or matches, and creates them if `create` says so. Rejects with `TOPIC_MISSING`. */
export async function findTopics(admin: DriverAdmin, { topics, create, name }: TopicSpec): Promise<readonly string[]> {
  if (topics instanceof RegExp) {
    const found = (await admin.listTopics()).filter((topic) => topics.test(topic))
    if (found.length > 0) return found
    throw new SnapstreamError(
      'TOPIC_MISSING',
      `no topic matches ${name}; create one first: topics that are created later are not read`,
      { topic: name },
    )
  }
  if (create !== undefined) await createTopics(admin, topics, create)
  await admin.describeTopics(topics)
  return topics
}
