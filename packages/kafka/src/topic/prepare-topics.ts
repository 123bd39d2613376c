import { SnapstreamError } from '@snapstream/core'
import type { DriverAdmin } from '../driver/driver.ts'
import { newTopic } from '../options/topic-creation.ts'
import type { TopicSpec } from '../options/topic-spec.ts'

/** The topics that there are by that name, created if that is asked for. Rejects with `TOPIC_MISSING`. */
export async function prepareTopics(admin: DriverAdmin, spec: TopicSpec): Promise<readonly string[]> {
  const { topics, create, name } = spec
  if (topics instanceof RegExp) {
    const found = (await admin.listTopics()).filter((topic) => topics.test(topic))
    if (found.length > 0) return found
    throw new SnapstreamError(
      'TOPIC_MISSING',
      `no topic matches ${name}; create one before it is opened: topics that come later are not looked for`,
      { topic: name },
    )
  }
  if (create !== undefined) await admin.createTopics(topics.map((topic) => newTopic(topic, create)))
  await admin.describeTopics(topics)
  return topics
}
