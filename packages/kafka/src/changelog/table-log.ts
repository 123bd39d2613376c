import { SnapstreamError, toError } from '@snapstream/core'
import { isThenable } from '@snapstream/core/adapter'
import type { TableLog, TableLogOptions } from '@snapstream/core/adapter'
import { resolveSettings } from '../conf/resolve-settings.ts'
import { usage } from '../conf/usage.ts'
import { asBuffer } from '../driver/bytes.ts'
import { withAdmin } from '../driver/with-admin.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import { findTopic } from './changelog-topic.ts'
import { logReader } from './log-reader.ts'
import { keyPartitions, partitionOfLane, syncKeyEncoder } from './partition-of.ts'
import { namedTopics, partitionsOf, samePartitions } from './state-sources.ts'

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
  for (const source of options.sources === undefined ? [] : namedTopics(options.sources, what))
    beside.push(...(await withAdmin(resolveSettings(source.conf), (admin) => partitionsOf(admin, source))))
  samePartitions(beside, what)
  const { isolationLevel } = settings.consumer
  const reader = logReader({ settings, topic, isolationLevel, trouble: options.trouble })
  const encodeKey = syncKeyEncoder(spec, topic)
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
    close: () => reader.close(),
  }
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
