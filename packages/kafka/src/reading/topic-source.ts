import type { Lane, Lasting, ReaderOptions, SourceReader } from '@snapstream/core'
import type { About } from '@snapstream/core/adapter'
import { consumerFor, groupMissing } from './group-consumer.ts'
import { topicHooks } from './topic-hooks.ts'
import { topicReader } from './topic-reader.ts'
import { transactionalSources } from './transactional-sources.ts'
import { confDefaults } from '../conf/conf.ts'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import { mergeSettings } from '../conf/settings.ts'
import { withAdmin } from '../driver/with-admin.ts'
import type { TopicControl } from './topic-control.ts'
import type { OpenTopic, TopicLifecycle } from '../topic/topic-lifecycle.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import { partitionKey } from '../driver/topic-partition.ts'

/**
 * Opens a reader of the topic. Rejects with `USAGE` if no group is given, and with the errors of the broker.
 *
 * @param source the bound object: the key of its transaction in the run
 */
export async function openTopicSource(
  source: unknown,
  spec: TopicSpec,
  lifecycle: TopicLifecycle,
  control: TopicControl,
  options: ReaderOptions,
): Promise<SourceReader<unknown>> {
  const opened = await lifecycle.open(options.host)
  try {
    const { settings } = opened
    const groupId = groupOf(spec, settings)
    const ends = await endsOf(spec, opened)
    const { ids, readers } = transactionalSources(options.scope)
    const transactionalId = ids.get(source)
    const reader = topicReader({
      spec,
      options,
      control,
      hooks: topicHooks(spec, settings.consumer.rebalanceTimeoutMs, options.host),
      ends,
      consumer: consumerFor(options.scope, settings, groupId, spec),
      transactionalId,
      closed() {
        readers.delete(source)
        return lifecycle.close()
      },
    })
    if (transactionalId !== undefined) readers.set(source, reader)
    return reader
  } catch (error) {
    await lifecycle.close()
    throw error
  }
}

/**
 * The identity of a topic's positions. Offsets belong to a group and a partition, wherever they are stored: another group reads
 * the same records with its own positions.
 */
export function lastingLanes(spec: TopicSpec, lifecycle: TopicLifecycle): Lasting | undefined {
  const settings = lifecycle.current?.settings
  if (settings === undefined) return undefined
  const groupId = groupOf(spec, settings)
  return {
    name: groupId === null ? 'kafka' : `kafka group ${groupId}`,
    async incarnations(lanes) {
      const topics = [...new Set(lanes.map(topicOf))]
      const ids = await withAdmin(settings, async (admin) => admin.topicIds?.(topics))
      return new Map(
        lanes.flatMap((lane) => {
          const id = ids?.get(topicOf(lane))
          return id === undefined ? [] : [[lane, id] as const]
        }),
      )
    },
  }
}

/** The topic, for monitoring. */
export function aboutTopic({ name, groupId, conf }: TopicSpec): About {
  const group = groupId === undefined ? mergeSettings(confDefaults(), conf).groupId : groupId
  return { system: 'kafka', name, ...(typeof group === 'string' && { group }) }
}

const topicOf = (lane: Lane) => String(lane).slice(0, String(lane).lastIndexOf('/'))

/** The group that reads the topic, or null for none. Throws `USAGE` if neither the topic nor the settings name one. */
export function groupOf({ groupId, name }: TopicSpec, settings: ResolvedSettings): string | null {
  const group = groupId === undefined ? settings.groupId : groupId
  if (group === undefined) throw groupMissing(name)
  return group
}

/** By lane, the present end of the partition, if reading ends there. */
async function endsOf(
  { untilEnd }: TopicSpec,
  { settings, found }: OpenTopic,
): Promise<ReadonlyMap<string, number> | undefined> {
  const topics = await found()
  if (!untilEnd) return undefined
  return withAdmin(settings, async (admin) => {
    const latest = await Promise.all(
      topics.map((topic) => admin.offsets(topic, 'latest', settings.consumer.isolationLevel)),
    )
    return new Map(latest.flat().map((at) => [partitionKey(at), at.offset]))
  })
}
