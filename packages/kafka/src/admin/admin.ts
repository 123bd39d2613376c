import { SnapstreamError } from '@snapstream/core'
import type { KafkaConf } from '../conf/kafka-conf.ts'
import { parseSettings } from '../conf/parse-settings.ts'
import type { GroupListing } from '../driver/driver.ts'
import { newTopic } from '../options/topic-creation.ts'
import { checkCreation, checkGroupId, checkName } from './check-arguments.ts'
import type { NewTopicOptions } from './check-arguments.ts'
import { describeGroup, describeTopic } from './describe.ts'
import type { GroupDetails, TopicDetails } from './describe.ts'
import { groupOffsets } from './group-offsets.ts'
import type { GroupOffset } from './group-offsets.ts'
import { lazyAdmin } from './lazy-admin.ts'
import { resetOffsets } from './reset-offsets.ts'
import type { OffsetReset, ResetOptions } from './reset-offsets.ts'
import type { ResetTo } from './reset-target.ts'

/**
 * What operators ask of Kafka: topics, groups, and where groups are. All of it rejects with what the broker says, as
 * `BROKER_UNREACHABLE` or `AUTHENTICATION_REFUSED`, and with `USAGE` for arguments that do not fit.
 */
export interface Admin extends AsyncDisposable {
  /**
   * Creates a topic, and resolves when it can be written to and read. One that exists is left as it is; with
   * `ifExists: 'refuse'` it rejects with `TOPIC_EXISTS`.
   */
  createTopic(topic: string, options?: NewTopicOptions): Promise<void>
  /** Deletes a topic with all that is in it. Rejects with `TOPIC_MISSING`. */
  deleteTopic(topic: string): Promise<void>
  /** The names of all topics, in order. */
  listTopics(): Promise<string[]>
  /** The partitions of a topic: who leads them, where their replicas are, which offsets there are. Rejects with `TOPIC_MISSING`. */
  describeTopic(topic: string): Promise<TopicDetails>
  /** All groups, in order of their names. */
  listGroups(): Promise<GroupListing[]>
  /** A group's state, its members, and where it is in each partition. Rejects with `GROUP_MISSING`. */
  describeGroup(groupId: string): Promise<GroupDetails>
  /** Deletes a group and what it has committed. Rejects with `GROUP_MISSING`, or `GROUP_NOT_EMPTY` while somebody reads. */
  deleteGroup(groupId: string): Promise<void>
  /** Where a group is in each partition in which it has committed; none for a group that does not exist. */
  offsets(groupId: string): Promise<GroupOffset[]>
  /**
   * Sets where a group goes on reading, in all partitions of the topics or in some. Offsets are brought into the range
   * that can be read. The group need not exist; it must not have members, not for a dry run either.
   *
   * Answers with one row a partition: where it was, where it is now or, with `dryRun`, would be.
   *
   * Rejects with `GROUP_NOT_EMPTY`, `TOPIC_MISSING`, and `OFFSET_OUT_OF_RANGE` for a shift from where nothing is committed.
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
  /** Lets go of the connection. */
  close(): Promise<void>
}

/**
 * Talks to Kafka as an operator. It connects when it is first asked something, with the settings of `Conf` under its own;
 * `close` it at the end, or declare it with `await using`.
 *
 * Throws `USAGE` for settings that are not what they take.
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
        await admin.createTopics([newTopic(topic, creation)])
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
      return ask((admin) => resetOffsets(admin, groupId, names, to, options))
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function exists(topic: string): SnapstreamError {
  return new SnapstreamError(
    'TOPIC_EXISTS',
    `the topic ${JSON.stringify(topic)} exists already; take another name, or leave out ifExists: 'refuse' to leave it as it is`,
    { topic },
  )
}
