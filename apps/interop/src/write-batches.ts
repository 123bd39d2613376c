import type { Compression, Driver, DriverProducer } from '@snapstream/kafka/driver'
import type { PlainRecord } from './random-batches.ts'
import { PARTITIONS } from './test-topics.ts'

interface PlacedRecord extends PlainRecord {
  readonly partition: number
  readonly offset: number
}

/**
 * Writes batches with a producer of the driver, to the partitions in turn, and with the codecs of the driver in turn.
 * Resolves with the records and their places, ordered by partition and offset.
 */
export async function writeBatches(
  topic: string,
  batches: readonly (readonly PlainRecord[])[],
  { brokers, driver }: { readonly brokers: string; readonly driver: Driver },
): Promise<readonly PlacedRecord[]> {
  const client = driver.client({
    brokers: brokers.split(','),
    clientId: 'snapstream-interop',
    connectTimeoutMs: 10_000,
    requestTimeoutMs: 10_000,
  })
  const placed = Array.from({ length: PARTITIONS }, (): PlacedRecord[] => [])
  const producers = new Map<Compression, DriverProducer>()
  try {
    for (const compression of driver.supports.compression)
      producers.set(compression, await client.producer({ acks: -1, compression, idempotence: false }))
    const turns = [...producers.values()]
    for (const [i, records] of batches.entries()) {
      const partition = i % PARTITIONS
      // Divides by PARTITIONS: with the bare index a partition could get the same codec every time.
      const producer = turns[Math.floor(i / PARTITIONS) % turns.length]
      await producer?.partitions(topic)
      const [result] = (await producer?.send([{ topic, partition, records }])) ?? []
      if (result === undefined || result.error) throw result?.error ?? new Error(`batch ${i} got no answer`)
      const log = placed[partition] ?? []
      for (const record of records) log.push({ ...record, partition, offset: log.length })
    }
  } finally {
    for (const producer of producers.values()) await producer.close()
  }
  return placed.flat()
}
