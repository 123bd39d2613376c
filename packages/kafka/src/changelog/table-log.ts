import { SnapstreamError, toError } from '@snapstream/core'
import { isThenable } from '@snapstream/core/adapter'
import type { TableLog, TableLogOptions } from '@snapstream/core/adapter'
import { resolveSettings, sameSettings } from '../conf/resolve-settings.ts'
import { usage } from '../conf/usage.ts'
import { asBuffer } from '../driver/bytes.ts'
import { withAdmin } from '../driver/with-admin.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import { addStore } from '../reading/group-stores.ts'
import type { StoreMember } from '../reading/group-stores.ts'
import { groupOf } from '../reading/topic-source.ts'
import { findTopic } from './changelog-topic.ts'
import { logReader } from './log-reader.ts'
import { keyPartitions, partitionOfLane, syncKeyEncoder } from './partition-of.ts'
import { namedTopics, partitionsOf, samePartitions } from './state-sources.ts'
import type { NamedTopics } from './state-sources.ts'

/**
 * Opens the log of a table, which is the topic itself. Rejects with `USAGE` for several topics or a pattern, and if the sources
 * beside it have another number of partitions.
 */
export async function openTableLog(spec: TopicSpec, options: TableLogOptions): Promise<TableLog> {
  const { single: topic } = spec
  if (topic === undefined)
    throw usage(`a table is one topic, and Topic(${spec.name}) stands for several; make a table of each`)
  const what = `the table ${JSON.stringify(topic)}`
  const settings = resolveSettings(spec.conf)
  const found = await withAdmin(settings, async (admin) => {
    const [own] = await partitionsOf(admin, spec)
    return { partitions: own?.partitions ?? 0, id: (await findTopic(admin, topic))?.id ?? '' }
  })
  const { partitions, id } = found
  const beside = [{ topic, partitions }]
  const sources = options.sources === undefined ? [] : namedTopics(options.sources, what)
  for (const source of sources)
    beside.push(...(await withAdmin(resolveSettings(source.conf), (admin) => partitionsOf(admin, source))))
  samePartitions(beside, what)
  const { isolationLevel } = settings.consumer
  const reader = logReader({ settings, topic, isolationLevel, trouble: options.trouble })
  const encodeKey = syncKeyEncoder(spec, topic)
  const member = joinGroup(topic, sources, options)
  const keyContext = { topic, part: 'key' } as const
  const valueContext = { topic, part: 'value' } as const
  return {
    topic,
    id,
    partitions,
    partitionOfLane: (lane) => partitionOfLane(lane, partitions, what),
    partitionOfKey: keyPartitions(spec, topic, partitions),
    read: reader.read,
    encodeKey(key) {
      const encoded = encodeKey(key)
      return typeof encoded === 'string' ? Buffer.from(encoded) : encoded
    },
    decodeKey(bytes) {
      try {
        return spec.keyCodec.decode(asBuffer(bytes), keyContext)
      } catch (thrown) {
        throw decodeFailed('key', topic, undefined, thrown)
      }
    },
    decodeValue(bytes, key) {
      const fail = (thrown: unknown) => decodeFailed('value', topic, key, thrown)
      try {
        const value = spec.codec.decode(asBuffer(bytes), valueContext)
        if (!isThenable(value)) return value
        return value.then(undefined, (thrown: unknown) => {
          throw fail(thrown)
        })
      } catch (thrown) {
        throw fail(thrown)
      }
    },
    warm: (partition) => member?.warm(partition),
    async close() {
      member?.remove()
      await reader.close()
    },
  }
}

/** The parts of a table follow the partitions of its sources, if one consumer of one group gets these. */
function joinGroup(
  table: string,
  sources: readonly NamedTopics[],
  { scope, held, standby }: TableLogOptions,
): StoreMember | undefined {
  const [first, ...others] = sources
  if (first === undefined) return undefined
  const settings = resolveSettings(first.conf)
  const groupId = groupOf(first, settings)
  const isSame = (other: NamedTopics) => {
    const its = resolveSettings(other.conf)
    return groupOf(other, its) === groupId && sameSettings(its, settings, 'consumer')
  }
  if (groupId === null || !others.every(isSame)) return undefined
  const topics = sources.flatMap((one) => one.topics)
  return addStore(scope, { store: table, groupId, settings, topics, standbys: 0, endpoint: undefined, held, standby })
}

function decodeFailed(part: 'key' | 'value', topic: string, key: unknown, thrown: unknown): SnapstreamError {
  const cause = toError(thrown)
  return new SnapstreamError(
    'DECODE_FAILED',
    `the ${part} of a record of the table ${JSON.stringify(topic)} did not decode: ${cause.message}; give its Topic the codec ` +
      'that the records were written with',
    { topic, cause, ...(key !== undefined && { key }) },
  )
}
