import { BytesCodec, createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import type { KafkaConf, TopicOptions } from '@snapstream/kafka'
import { headerBytes, headerLines, timestampLine, toBase64OrNull, toBytesOrNull, toTimestamp } from './record-line.ts'
import type { ReadLine, RecordLine } from './record-line.ts'

export const bytesTopic = (topic: string, options: TopicOptions) =>
  Topic<Uint8Array, Uint8Array>(topic, {
    codec: BytesCodec(),
    keyCodec: BytesCodec(),
    tombstones: true,
    ...options,
  })

/** Writes records through a topic that is bound as a sink. */
export async function writeTopic(topic: string, records: readonly RecordLine[], conf: KafkaConf): Promise<void> {
  const app = createApp()
  app.snap(records, { sink: [bytesTopic(topic, { conf })] })((record) => [
    toBytesOrNull(record.key),
    toBytesOrNull(record.value),
    {
      headers: headerBytes(record),
      timestamp: toTimestamp(record.timestamp),
      ...(record.partition !== undefined && { partition: record.partition }),
    },
  ])
  await app.stream({})
}

/** All records of a topic up to its current end, ordered by partition and offset. */
export async function readTopic(topic: string, conf: KafkaConf): Promise<readonly ReadLine[]> {
  const lines: ReadLine[] = []
  const app = createApp()
  app.snap(bytesTopic(topic, { groupId: null, until: 'end', conf }))((record) => {
    lines.push({
      partition: record.partition,
      offset: record.offset,
      key: toBase64OrNull(record.key),
      value: toBase64OrNull(record.value),
      headers: headerLines(record.headers),
      timestamp: timestampLine(record.exactTimestamp ?? record.timestamp),
    })
  })
  await app.stream({})
  return lines.sort((a, b) => a.partition - b.partition || a.offset - b.offset)
}
