import { SnapstreamError } from '@snapstream/core'
import { closed, partitionMissing, topicMissing } from '../driver/driver-error.ts'
import { contentBytes } from '../driver/bytes.ts'
import type { DriverProducer, ProduceBatch, ProduceResult } from '../driver/driver.ts'
import type { MemoryBroker } from './memory-broker.ts'
import type { PartitionLog } from './partition-log.ts'
import type { Transaction } from './transaction.ts'

/** The bytes that the wire format adds to a small record, and to a batch. */
const RECORD_OVERHEAD_BYTES = 9
const BATCH_OVERHEAD_BYTES = 61

/** Appends batches to the logs of a broker in memory, and returns their results at once. */
export function memoryProducer(broker: MemoryBroker): DriverProducer {
  let isOpen = true
  return {
    partitions: async (topic) => partitionsOf(broker, topic, isOpen),
    send: async (batches) =>
      batches.map((batch) => (isOpen ? produce(broker, batch) : { error: closed('producer'), retriable: false })),
    async close() {
      isOpen = false
    },
  }
}

/** The number of partitions of a topic. Throws `TOPIC_MISSING`, and `NOT_OPEN` if the producer is closed. */
export function partitionsOf(broker: MemoryBroker, topic: string, isOpen: boolean): number {
  if (!isOpen) throw closed('producer')
  return broker.logs(topic).length
}

/**
 * Appends a batch to its log, unless the broker refuses it.
 *
 * @param transactionOf called with the log before it is written to; returns the transaction of the batch. Default: none
 */
export function produce(
  broker: MemoryBroker,
  { topic, partition, records }: ProduceBatch,
  transactionOf: (log: PartitionLog) => Transaction | undefined = () => undefined,
): ProduceResult {
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
  const transaction = transactionOf(log)
  const baseOffset = log.latest()
  log.append(records, transaction)
  return { baseOffset }
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
