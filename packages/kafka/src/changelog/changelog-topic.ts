import { SnapstreamError } from '@snapstream/core'
import { usage } from '../conf/usage.ts'
import type { DriverAdmin } from '../driver/driver.ts'
import { TOPIC_NAME, isTopicName } from '../driver/topic-name.ts'

/** A changelog topic that exists. */
export interface ChangelogTopic {
  readonly topic: string
  /** Changes when the topic is deleted and created again; empty if the brokers do not tell it. */
  readonly id: string
}

/** The changelog topic of a store, as it has to be. */
export interface WantedTopic {
  readonly store: string
  readonly topic: string
  /** A source topic and its number of partitions, which the changelog has to have. */
  readonly like: { readonly topic: string; readonly partitions: number }
  /** Undefined: the broker's default. */
  readonly replicationFactor: number | undefined
  /** Undefined: records are kept until a later one with their key. */
  readonly retentionMs: number | undefined
}

/** The name of a changelog topic, as Kafka Streams forms it. Throws `USAGE` if Kafka does not allow it. */
export function changelogName(groupId: string, store: string): string {
  const name = `${groupId}-${store}-changelog`
  if (isTopicName(name)) return name
  throw usage(
    `the changelog of the store ${JSON.stringify(store)} would be the topic ${JSON.stringify(name)}, and a topic's name has ` +
      `${TOPIC_NAME}; give the group and the store other names`,
  )
}

/** Finds a changelog topic, or creates it. Rejects with `USAGE` if it has another number of partitions. */
export async function changelogTopic(admin: DriverAdmin, wanted: WantedTopic): Promise<ChangelogTopic> {
  const { topic, like } = wanted
  const found = (await findTopic(admin, topic)) ?? (await create(admin, wanted))
  if (found.partitions !== like.partitions) throw otherPartitions(wanted, found.partitions)
  return { topic, id: found.id }
}

async function create(admin: DriverAdmin, wanted: WantedTopic): Promise<FoundTopic> {
  const { topic, like, replicationFactor, retentionMs } = wanted
  const config =
    retentionMs === undefined
      ? { 'cleanup.policy': 'compact' }
      : { 'cleanup.policy': 'compact,delete', 'retention.ms': String(retentionMs) }
  try {
    await admin.createTopics([
      {
        topic,
        partitions: like.partitions,
        ...(replicationFactor !== undefined && { replicationFactor }),
        config,
      },
    ])
  } catch (error) {
    throw SnapstreamError.is(error) && error.code === 'AUTHENTICATION_REFUSED' ? mustNotCreate(wanted, error) : error
  }
  const found = await findTopic(admin, topic)
  if (found === undefined) throw neverAppeared(wanted)
  return found
}

/** A topic that exists. */
interface FoundTopic {
  /** Empty if the brokers do not tell it. */
  readonly id: string
  readonly partitions: number
}

/** The id and the number of partitions of a topic; undefined if it does not exist. */
export async function findTopic(admin: DriverAdmin, topic: string): Promise<FoundTopic | undefined> {
  try {
    // The id comes first: brokers that create topics when they are described leave a missing one out here.
    const ids = await admin.topicIds?.([topic])
    const partitions = (await admin.describeTopics([topic])).get(topic)?.length ?? 0
    return { id: ids?.get(topic) ?? '', partitions }
  } catch (error) {
    if (SnapstreamError.is(error) && error.code === 'TOPIC_MISSING') return undefined
    throw error
  }
}

function mustNotCreate({ store, topic, like }: WantedTopic, cause: SnapstreamError): SnapstreamError {
  return new SnapstreamError(
    'AUTHENTICATION_REFUSED',
    `the changelog ${JSON.stringify(topic)} of the store ${JSON.stringify(store)} does not exist, and the user must not create ` +
      `it; allow Create, Read and Write on the Topic, or create it with ${like.partitions} partitions and ` +
      `cleanup.policy=compact: ${cause.message}`,
    { topic, cause },
  )
}

function neverAppeared({ store, topic }: WantedTopic): SnapstreamError {
  return new SnapstreamError(
    'TOPIC_MISSING',
    `the changelog ${JSON.stringify(topic)} of the store ${JSON.stringify(store)} was created and does not exist; look at the ` +
      'log of the brokers, or create it by hand',
    { topic },
  )
}

function otherPartitions({ store, topic, like }: WantedTopic, partitions: number): SnapstreamError {
  return new SnapstreamError(
    'USAGE',
    `the changelog ${JSON.stringify(topic)} of the store ${JSON.stringify(store)} has ${partitions} partitions and ` +
      `${JSON.stringify(like.topic)} has ${like.partitions}: part n of the store belongs to partition n, so both need the same ` +
      'number. If partitions were added, keys have moved: delete the changelog and the folder of the store, and build it again ' +
      'from the source; else give the store, or the group, another name',
    { topic },
  )
}
