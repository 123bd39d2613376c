import { SnapstreamError } from '@snapstream/core'
import { usage } from '../conf/usage.ts'
import type { DriverAdmin, NewTopic } from '../driver/driver.ts'
import type { TopicCreation } from './topic-creation.ts'
import { specOf } from './topic-spec.ts'

/** Creates topics that do not exist. Rejects with `TOPIC_MISSING` if `like` does not exist, and with `USAGE` if it is a pattern. */
export async function createTopics(
  admin: DriverAdmin,
  topics: readonly string[],
  creation: TopicCreation,
): Promise<void> {
  const { like, ...own } = creation
  if (like === undefined) return admin.createTopics(topics.map((topic) => newTopic(topic, own)))
  const missing: string[] = []
  for (const topic of topics) if (!(await exists(admin, topic))) missing.push(topic)
  if (missing.length === 0) return
  const model = await modelOf(admin, like)
  const config = { ...model.config, ...own.config }
  await admin.createTopics(missing.map((topic) => newTopic(topic, { ...model, ...given(own), config })))
}

/** The options that are not undefined. */
const given = (own: TopicCreation): TopicCreation =>
  Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined))

async function exists(admin: DriverAdmin, topic: string): Promise<boolean> {
  try {
    await admin.describeTopics([topic])
    return true
  } catch (error) {
    if (SnapstreamError.is(error) && error.code === 'TOPIC_MISSING') return false
    throw error
  }
}

/** The partitions, replicas and settings of a topic, which is created first if it is a topic that creates itself. */
async function modelOf(admin: DriverAdmin, like: NonNullable<TopicCreation['like']>): Promise<TopicCreation> {
  const spec = specOf(like)
  const names = spec === undefined ? [like as string] : spec.topics
  if (names instanceof RegExp)
    throw usage(`create: { like } takes a topic with a name, got the pattern ${String(names)}; name one topic`)
  const [name] = names as readonly [string]
  if (spec?.create !== undefined) await createTopics(admin, [name], spec.create)
  const partitions = (await admin.describeTopics([name])).get(name)!
  const config = (await admin.topicConfigs?.([name]))?.get(name) ?? {}
  return { partitions: partitions.length, replicationFactor: partitions[0]!.replicas.length, config }
}

/** Turns the options into those of a driver, whose `config` holds strings only. */
function newTopic(topic: string, { config, partitions, replicationFactor }: Omit<TopicCreation, 'like'>): NewTopic {
  return {
    topic,
    ...(partitions === undefined ? {} : { partitions }),
    ...(replicationFactor === undefined ? {} : { replicationFactor }),
    ...(config === undefined
      ? {}
      : { config: Object.fromEntries(Object.entries(config).map(([name, value]) => [name, String(value)])) }),
  }
}
