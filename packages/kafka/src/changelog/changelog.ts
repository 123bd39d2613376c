import type { Changelog, ChangelogOptions } from '@snapstream/core/adapter'
import { withAdmin } from '../driver/with-admin.ts'
import { addStore } from '../reading/group-stores.ts'
import { NO_RECORDS, atLeastOnceRecords, transactionalRecords } from './changelog-records.ts'
import { changelogName, changelogTopic } from './changelog-topic.ts'
import { logReader } from './log-reader.ts'
import { keyPartitions, partitionOfLane } from './partition-of.ts'
import { namedTopics, partitionsOf, samePartitions, stateGroup } from './state-sources.ts'

/**
 * Opens the changelog of a store: a compacted topic with one partition for each part. It is created if it is missing. The store
 * joins the group of its sources, which have to be opened later. Rejects with `USAGE` for sources whose lanes do not come
 * together, and for a topic with another number of partitions.
 */
export async function openChangelog(options: ChangelogOptions): Promise<Changelog> {
  const { store, scope, enabled, replicationFactor, retentionMs } = options
  const what = `the store ${JSON.stringify(store)}`
  const specs = namedTopics(options.sources, what)
  const { groupId, settings, spec } = stateGroup(specs, what)
  const topics = specs.flatMap((one) => one.topics)
  const topic = changelogName(groupId, store)
  const { like, id } = await withAdmin(settings, async (admin) => {
    const found = []
    for (const one of specs) found.push(...(await partitionsOf(admin, one)))
    const like = samePartitions(found, what)
    if (!enabled) return { like, id: '' }
    return { like, id: (await changelogTopic(admin, { store, topic, like, replicationFactor, retentionMs })).id }
  })
  const { partitions } = like
  const exactlyOnce = options.exactlyOnce ?? spec.exactlyOnce ?? settings.transaction.exactlyOnce
  const { standbys, endpoint, held, standby } = options
  const member = addStore(scope, { store, groupId, settings, topics, standbys, endpoint, held, standby })
  try {
    const records = exactlyOnce
      ? transactionalRecords({ topic, settings, options }, what)
      : enabled
        ? await atLeastOnceRecords({ topic, settings, options })
        : NO_RECORDS
    const reader = logReader({ settings, topic, isolationLevel: 'read_committed', trouble: options.trouble })
    return {
      topic,
      group: groupId,
      id,
      partitions,
      transaction: records.transaction,
      partitionOfLane: (lane) => partitionOfLane(lane, partitions, what),
      partitionOfKey: keyPartitions(spec, like.topic, partitions),
      send: records.send,
      flush: records.flush,
      read: enabled ? reader.read : () => NOTHING,
      owner: member.owner,
      warm: member.warm,
      async close() {
        member.remove()
        await reader.close()
        await records.close()
      },
    }
  } catch (error) {
    member.remove()
    throw error
  }
}

const NOTHING: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }),
}
