import { SnapstreamError, describe } from '@snapstream/core'
import type { KafkaConf } from '../conf/kafka-conf.ts'
import { parseSettings } from '../conf/parse-settings.ts'
import { resolveSettings } from '../conf/resolve-settings.ts'
import type { Settings } from '../conf/settings.ts'
import { usage } from '../conf/usage.ts'
import { closed } from '../driver/driver-error.ts'
import type { DriverAdmin, GroupListing } from '../driver/driver.ts'
import { TOPIC_NAME, isTopicName } from '../driver/topic-name.ts'
import { TOPIC_CREATION, isTopicCreation } from '../options/topic-creation.ts'
import { createTopics } from '../options/new-topics.ts'
import type { TopicCreation } from '../options/topic-creation.ts'
import { describeGroup, describeTopic, groupOffsets } from './describe.ts'
import type { GroupDetails, GroupOffset, TopicDetails } from './describe.ts'
import { resetOffsets } from './reset-offsets.ts'
import type { OffsetReset, ResetOptions, ResetTo } from './reset-offsets.ts'

/**
 * Manages topics, consumer groups and their offsets. Every method rejects with `USAGE` for an argument of the
 * wrong kind, with `BROKER_UNREACHABLE` and `AUTHENTICATION_REFUSED`, with `KAFKA_FAILED` for other errors of the broker,
 * and with `NOT_OPEN` after `close`.
 */
export interface Admin extends AsyncDisposable {
  /**
   * Creates a topic, and resolves when it can be written to and read. A topic that exists stays as it is; with
   * `ifExists: 'refuse'` the call rejects with `TOPIC_EXISTS`.
   */
  createTopic(topic: string, options?: NewTopicOptions): Promise<void>
  /** Deletes a topic with all its records. Rejects with `TOPIC_MISSING`. */
  deleteTopic(topic: string): Promise<void>
  /** The names of all topics, sorted, without Kafka's own (`__consumer_offsets`). */
  listTopics(): Promise<string[]>
  /** The partitions of a topic with their leaders, replicas and offsets. Rejects with `TOPIC_MISSING`. */
  describeTopic(topic: string): Promise<TopicDetails>
  /** All groups, sorted by name. */
  listGroups(): Promise<GroupListing[]>
  /** The state, the members and the offsets of a group. Rejects with `GROUP_MISSING`. */
  describeGroup(groupId: string): Promise<GroupDetails>
  /** Deletes a group and its committed offsets. Rejects with `GROUP_MISSING`, or with `GROUP_NOT_EMPTY` while it has members. */
  deleteGroup(groupId: string): Promise<void>
  /** The offsets of a group in the partitions in which it has committed; empty for a group that does not exist. */
  offsets(groupId: string): Promise<GroupOffset[]>
  /**
   * Sets the committed offsets of a group, in all partitions of the topics or in some. An offset outside of the range
   * that can be read is moved to the nearest end. The group need not exist, and must not have members, not even for a
   * dry run. Resolves with one row for each partition.
   *
   * Rejects with `GROUP_NOT_EMPTY`, with `TOPIC_MISSING`, with `KAFKA_FAILED` for a partition that does not exist, and
   * with `OFFSET_OUT_OF_RANGE` for a shift in a partition without a committed offset.
   *
   * @example
   * await admin.resetOffsets('billing', 'orders', { timestamp: Date.now() - 3_600_000 }, { dryRun: true })
   */
  resetOffsets(
    groupId: string,
    topics: string | readonly string[],
    to: ResetTo,
    options?: ResetOptions,
  ): Promise<OffsetReset[]>
  /** Waits for the calls in progress, then closes the connection. */
  close(): Promise<void>
}

/**
 * Makes an admin client. It connects at the first call, with its own settings over those of
 * `Conf`. Close it at the end, or declare it with `await using`.
 *
 * Throws `USAGE` for a setting that does not exist or has a wrong value.
 *
 * @example
 * await using admin = Admin({ brokers: 'localhost:29091' })
 * await admin.createTopic('orders', { partitions: 4, config: { 'retention.ms': 86_400_000 } })
 * console.log(await admin.describeGroup('billing'))
 */
export function Admin(conf: KafkaConf = {}): Admin {
  const { ask, close } = lazyAdmin(parseSettings(conf, 'conf of Admin'))
  return {
    async createTopic(topic, { ifExists = 'leave', ...creation } = {}) {
      checkName(topic)
      checkCreation(topic, ifExists, creation)
      await ask(async (admin) => {
        if (ifExists === 'refuse' && (await admin.listTopics()).includes(topic)) throw exists(topic)
        await createTopics(admin, [topic], creation)
      })
    },
    async deleteTopic(topic) {
      checkName(topic)
      await ask((admin) => admin.deleteTopics([topic]))
    },
    listTopics: () => ask(async (admin) => [...(await admin.listTopics())].sort()),
    async describeTopic(topic) {
      checkName(topic)
      return ask((admin) => describeTopic(admin, topic))
    },
    listGroups: () =>
      ask(async (admin) => [...(await admin.listGroups())].sort((a, b) => (a.groupId < b.groupId ? -1 : 1))),
    async describeGroup(groupId) {
      checkGroupId(groupId)
      return ask((admin) => describeGroup(admin, groupId))
    },
    async deleteGroup(groupId) {
      checkGroupId(groupId)
      await ask((admin) => admin.deleteGroups([groupId]))
    },
    async offsets(groupId) {
      checkGroupId(groupId)
      return ask((admin) => groupOffsets(admin, groupId))
    },
    async resetOffsets(groupId, topics, to, options = {}) {
      checkGroupId(groupId)
      const names = typeof topics === 'string' ? [topics] : [...topics]
      for (const name of names) checkName(name)
      return ask((admin) => resetOffsets(admin, groupId, names, { ...options, to }))
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function exists(topic: string): SnapstreamError {
  return new SnapstreamError(
    'TOPIC_EXISTS',
    `the topic ${JSON.stringify(topic)} exists already; take another name, or leave out ifExists: 'refuse' to accept it as it is`,
    { topic },
  )
}

/** How to create a topic. */
export interface NewTopicOptions extends TopicCreation {
  /**
   * `'leave'`: a topic that exists stays as it is. `'refuse'`: the call rejects with `TOPIC_EXISTS`. Two calls that create the
   * same topic at the same moment may both succeed. @default 'leave'
   */
  readonly ifExists?: 'leave' | 'refuse'
}

/** Throws `USAGE` for a value that is no name of a topic. */
function checkName(topic: unknown): void {
  if (typeof topic !== 'string' || !isTopicName(topic))
    throw usage(`a topic's name has ${TOPIC_NAME}; got ${describe(topic)}`)
}

/** Throws `USAGE` for a value that is no name of a group. */
function checkGroupId(groupId: unknown): void {
  if (typeof groupId !== 'string' || groupId === '')
    throw usage(`a group's name is a string that is not empty, got ${describe(groupId)}`)
}

/** Throws `USAGE` for options that `createTopic` does not take. */
function checkCreation(topic: string, ifExists: unknown, creation: TopicCreation): void {
  const what = `createTopic(${JSON.stringify(topic)})`
  if (!isTopicCreation(creation)) throw usage(`${what} takes ${TOPIC_CREATION}; got ${describe(creation)}`)
  if (ifExists !== 'leave' && ifExists !== 'refuse')
    throw usage(`ifExists of ${what} takes 'leave' or 'refuse', got ${describe(ifExists)}`)
}

interface LazyAdmin {
  /** Connects at the first call. Rejects with `NOT_OPEN` after `close`. */
  ask<T>(question: (admin: DriverAdmin) => Promise<T>): Promise<T>
  /** Waits for the calls in progress, whether they succeed or fail. */
  close(): Promise<void>
}

/** A driver's admin that connects at the first call, with the settings of `Conf` at that moment. */
function lazyAdmin(own: Settings): LazyAdmin {
  const asked = new Set<Promise<unknown>>()
  let connecting: Promise<DriverAdmin> | undefined
  let ended: Promise<void> | undefined

  async function connect(): Promise<DriverAdmin> {
    const { driver, client } = resolveSettings(own)
    return driver.client(client).admin()
  }

  async function connected(): Promise<DriverAdmin> {
    const mine = (connecting ??= connect())
    try {
      return await mine
    } catch (error) {
      // The next call connects again.
      if (connecting === mine) connecting = undefined
      throw error
    }
  }

  async function end(): Promise<void> {
    await Promise.allSettled(asked)
    const admin = await connecting?.catch(() => undefined)
    await admin?.close()
  }

  return {
    async ask(question) {
      if (ended !== undefined) throw closed('admin')
      const answer = connected().then(question)
      asked.add(answer)
      try {
        return await answer
      } finally {
        asked.delete(answer)
      }
    },
    close: () => (ended ??= end()),
  }
}
