import { confDefaults } from '../conf/conf.ts'
import { mergeSettings } from '../conf/settings.ts'
import { groupMissing } from '../reading/group-consumer.ts'
import type { TopicPartition } from '../driver/driver.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import { CONSUMER } from './record-log.ts'
import type { TestBroker } from './test-broker.ts'

/** A member of a consumer group that does not read its partitions. */
export interface TestMember {
  /** Its partitions. */
  readonly partitions: readonly TopicPartition[]
  /** Leaves the group, which is another rebalance. */
  leave(): Promise<void>
}

export async function joinGroup(
  { topics, groupId: own, conf, name }: TopicSpec,
  groupId: string | undefined,
  broker: TestBroker,
  run: () => Promise<void>,
): Promise<TestMember> {
  const group = groupId ?? own ?? mergeSettings(confDefaults(), conf).groupId
  if (group === undefined) throw groupMissing(name)
  let partitions: readonly TopicPartition[] = []
  if (!(topics instanceof RegExp)) for (const topic of topics) await broker.partitions(topic)
  const consumer = await broker.client.consumer({
    ...CONSUMER,
    groupId: group,
    topics: topics instanceof RegExp ? [topics] : topics,
    async assigned(given) {
      partitions = given.map(({ topic, partition }) => ({ topic, partition }))
    },
    async revoked() {
      partitions = []
    },
  })
  await run()
  return {
    get partitions() {
      return partitions
    },
    async leave() {
      await consumer.close()
      partitions = []
      await run()
    },
  }
}
