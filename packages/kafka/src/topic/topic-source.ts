import type { ReaderOptions, SourceReader } from '@snapstream/core'
import { laneOf } from '../consumer/lane-state.ts'
import { groupMissing, joinConsumer } from '../consumer/shared-consumers.ts'
import { topicReader } from '../consumer/topic-reader.ts'
import { withAdmin } from './prepare-topics.ts'
import type { OpenTopic, TopicLifecycle } from './topic-lifecycle.ts'
import type { TopicSpec } from './topic-spec.ts'

/** Opens a reader of the topic. Rejects with `USAGE` without a group, and with what the broker says. */
export async function openTopicSource(
  spec: TopicSpec,
  lifecycle: TopicLifecycle,
  options: ReaderOptions,
): Promise<SourceReader<unknown>> {
  const opened = await lifecycle.open(options.host)
  try {
    const { settings } = opened
    const groupId = spec.groupId === undefined ? settings.groupId : spec.groupId
    if (groupId === undefined) throw groupMissing(spec.name)
    return topicReader({
      spec,
      options,
      ends: await endsOf(spec, opened),
      join: (member) => joinConsumer(options.scope, settings, groupId, member),
      closed: () => lifecycle.close(),
    })
  } catch (error) {
    await lifecycle.close()
    throw error
  }
}

/** Per lane, where it ends now, if that is where reading is to end. */
async function endsOf(
  { untilEnd }: TopicSpec,
  { settings, found }: OpenTopic,
): Promise<ReadonlyMap<string, number> | undefined> {
  const topics = await found()
  if (!untilEnd) return undefined
  return withAdmin(settings, async (admin) => {
    const latest = await Promise.all(topics.map((topic) => admin.offsets(topic, 'latest')))
    return new Map(latest.flat().map((at) => [laneOf(at), at.offset]))
  })
}
