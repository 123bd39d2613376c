import { SnapstreamError } from '@snapstream/core'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import type { DriverAdmin } from '../driver/driver.ts'
import { newTopic } from './topic-creation.ts'
import type { TopicSpec } from './topic-spec.ts'

/** Asks the broker something, over a connection of its own: it is needed at the start only. */
export async function withAdmin<T>(
  { driver, client }: ResolvedSettings,
  ask: (admin: DriverAdmin) => Promise<T>,
): Promise<T> {
  const admin = await driver.client(client).admin()
  try {
    return await ask(admin)
  } finally {
    await admin.close()
  }
}

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
  try {
    await admin.describeTopics(topics)
  } catch (cause) {
    throw missing(cause)
  }
  return topics
}

/** The same error, with what to do about it. */
export function missing(cause: unknown): unknown {
  if (!SnapstreamError.is(cause) || cause.code !== 'TOPIC_MISSING') return cause
  const { topic = '' } = cause
  return new SnapstreamError(
    'TOPIC_MISSING',
    `the topic ${JSON.stringify(topic)} does not exist; create it, or have it created when it is opened: ` +
      `Topic(${JSON.stringify(topic)}, { create: { partitions: 1 } })`,
    { topic, cause },
  )
}
