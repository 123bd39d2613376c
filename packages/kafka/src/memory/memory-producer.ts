import { SnapstreamError } from '@snapstream/core'
import { closed, partitionMissing, topicMissing } from '../driver/driver-error.ts'
import { contentBytes } from '../driver/bytes.ts'
import type { DriverProducer, ProduceBatch, ProduceResult } from '../driver/driver.ts'
import type { MemoryBroker } from './memory-broker.ts'

/** The bytes that the wire format adds to a small record, and to a batch. */
const RECORD_OVERHEAD_BYTES = 9
const BATCH_OVERHEAD_BYTES = 61
const SENT: ProduceResult = {}

/** Appends batches to the logs of a broker in memory, and returns their results at once. */
export function memoryProducer(broker: MemoryBroker): DriverProducer {
  let open = true

  function send({ topic, partition, records }: ProduceBatch): ProduceResult {
    if (!open) return { error: closed('producer'), retriable: false }
    if (!broker.has(topic)) return { error: topicMissing(topic), retriable: false }
    const logs = broker.logs(topic)
    const log = logs[partition]
    if (!log) return { error: partitionMissing(topic, partition, logs.length), retriable: false }
    const bytes = sizeOf({ topic, partition, records })
    const { maxBatchBytes: maxBytes, keyed } = broker.limits(topic)
    if (bytes > maxBytes)
      return {
        error: new SnapstreamError(
          'RECORD_TOO_LARGE',
          `a batch of ${records.length} records and ${bytes} bytes for ${JSON.stringify(topic)} is larger than the ` +
            `${maxBytes} bytes that are taken; send less at once, or raise max.message.bytes of the topic`,
          { topic, partition },
        ),
        retriable: false,
      }
    if (keyed && records.some(({ key }) => key === null)) return keysMissing({ topic, partition, records })
    log.append(records)
    return SENT
  }

  return {
    async partitions(topic) {
      if (!open) throw closed('producer')
      return broker.logs(topic).length
    },
    send: async (batches) => batches.map(send),
    async close() {
      open = false
    },
  }
}

/** The error of a real broker, which writes no record of such a batch either. */
function keysMissing({ topic, partition, records }: ProduceBatch): ProduceResult {
  const reason = `Compacted topic cannot accept message without key in topic partition ${topic}-${partition}. (INVALID_RECORD)`
  return {
    error: new SnapstreamError('KAFKA_FAILED', reason, { topic, partition }),
    retriable: false,
    refused: new Map(records.flatMap(({ key }, i) => (key === null ? [[i, reason]] : []))),
  }
}

function sizeOf({ records }: ProduceBatch): number {
  let bytes = BATCH_OVERHEAD_BYTES
  for (const { key, value, headers } of records) {
    bytes += RECORD_OVERHEAD_BYTES + contentBytes(key) + contentBytes(value)
    if (headers instanceof Uint8Array) bytes += headers.length
    else for (const [name, content] of headers) bytes += name.length + contentBytes(content) + 4
  }
  return bytes
}
