import kafkajsClient from 'kafkajs'
import { describe, expect, test, vi } from 'vitest'
import { producerSettings, record, withHarness } from '../conformance/harness.ts'
import type { Harness } from '../conformance/harness.ts'
import { kafkajs } from './kafkajs-driver.ts'

const { CompressionTypes, ConfigResourceTypes, Kafka, logLevel } = kafkajsClient
const brokers = process.env['KAFKA_BROKERS']?.split(',') ?? []
const kafka = () => new Kafka({ brokers, logLevel: logLevel.NOTHING })
const onKafka = (run: (harness: Harness) => Promise<void>) => () => withHarness({ driver: kafkajs(), brokers }, run)

describe.skipIf(brokers.length === 0)('the KafkaJS driver on a real Kafka', () => {
  test(
    'the end of a topic is reached if its last offset is not a record',
    onKafka(async ({ admin, topic, consumer, name, until }) => {
      const topicName = await topic(1)
      const producer = kafka().producer({
        transactionalId: name('transaction'),
        maxInFlightRequests: 1,
        idempotent: true,
      })
      await producer.connect()
      for (const [value, end] of [
        ['committed', 'commit'],
        ['aborted', 'abort'],
        ['committed too', 'commit'],
        ['aborted too', 'abort'],
      ] as const) {
        const transaction = await producer.transaction()
        await transaction.send({ topic: topicName, messages: [{ value }] })
        await transaction[end]()
      }
      await producer.disconnect()
      // The last marker is written some time after the transaction is acknowledged.
      await until('the last marker', async () => (await admin.offsets(topicName, 'latest'))[0]?.offset === 8)
      for (const groupId of [name('group'), null])
        for (const [isolationLevel, expected] of [
          ['read_committed', ['committed', 'committed too']],
          ['read_uncommitted', ['committed', 'aborted', 'committed too', 'aborted too']],
        ] as const) {
          const reading = await consumer([topicName], { groupId: groupId && name('group'), isolationLevel })
          const values: string[] = []
          let position = 0
          while (position < 8) {
            const batch = await reading.poll()
            if (!batch) break
            for (let i = 0; i < batch.length; i++) values.push(String(batch.value(i)))
            position = batch.nextOffset
            reading.release(batch)
          }
          expect(values).toEqual(expected)
          expect(position).toBe(8)
        }
    }),
  )

  test(
    'a compressed batch is read with more records than a call can have arguments',
    onKafka(async ({ topic, consumer, until }) => {
      const topicName = await topic(1)
      const count = 150_000
      const producer = kafka().producer({ createPartitioner: () => () => 0 })
      await producer.connect()
      // KafkaJS needs some time to group so many messages by partition.
      const messages = Array.from({ length: 3000 }, (_, i) => ({ value: String(i) }))
      await producer.send({ topic: topicName, compression: CompressionTypes.GZIP, messages })
      await producer.disconnect()
      await alterConfig(topicName, 'max.message.bytes', '20000000')
      const driverProducer = await kafkajs()
        .client({ brokers, clientId: 'many', connectTimeoutMs: 5000, requestTimeoutMs: 30_000 })
        .producer(producerSettings())
      const records = Array.from({ length: count }, (_, i) => record(String(i)))
      // A change of a topic's configuration takes effect some time after it was accepted.
      await until('the batch to be taken', async () => {
        const [result] = await driverProducer.send([{ topic: topicName, partition: 0, records }])
        if (result?.error && !result.error.message.includes('MESSAGE_TOO_LARGE')) throw result.error
        return !result?.error
      })
      await driverProducer.close()
      const reading = await consumer([topicName])
      let read = 0
      while (read < 3000 + count) {
        const batch = await reading.poll()
        if (!batch) break
        for (let i = 0; i < batch.length; i++, read++)
          if (String(batch.value(i)) !== String(read < 3000 ? read : read - 3000)) throw new Error(`wrong at ${read}`)
        reading.release(batch)
      }
      expect(read).toBe(3000 + count)
    }),
    30_000,
  )

  test(
    'the timestamp 0 is kept, and a topic with LogAppendTime gives the time of arrival',
    onKafka(async ({ topic, producer, consumer, until }) => {
      const topicName = await topic(1)
      const send = () =>
        producer.send([
          { topic: topicName, partition: 0, records: [record('a', { timestamp: 0 }), record('b', { timestamp: 9 })] },
        ])
      await send()
      await alterConfig(topicName, 'message.timestamp.type', 'LogAppendTime')
      const before = Date.now() - 60_000
      const reading = await consumer([topicName])
      const timestamps: number[] = []
      // A change of a topic's configuration takes effect some time after it was accepted.
      await until('a time of arrival', async () => {
        await send()
        const batch = await reading.poll()
        if (!batch) return true
        for (let i = 0; i < batch.length; i++) timestamps.push(Number(batch.timestamp(i)))
        reading.release(batch)
        return timestamps.some((timestamp) => timestamp > before)
      })
      expect(timestamps.slice(0, 2)).toEqual([0, 9])
      expect(timestamps.at(-1)).toBeGreaterThan(before)
    }),
  )

  test(
    'a topic is still read after another one was deleted',
    onKafka(async ({ admin, topic, producer, produce, until }) => {
      const [gone, kept] = [await topic(1), await topic(1)]
      await produce(gone, 0, ['x'])
      await produce(kept, 0, ['x'])
      await admin.deleteTopics([gone])
      await until('the end of the topic', async () => {
        const [result] = await producer.send([{ topic: gone, partition: 0, records: [record('x')] }])
        return result?.error && !result.retriable
      })
      const results = await producer.send(
        [gone, kept].map((name) => ({ topic: name, partition: 0, records: [record('x')] })),
      )
      expect(results[0]).toMatchObject({ error: { code: 'TOPIC_MISSING', topic: gone }, retriable: false })
      expect(results[1]).toEqual({ baseOffset: 1 })
      expect(await producer.partitions(kept)).toBe(1)
    }),
  )
})

describe('the KafkaJS driver without a broker', () => {
  test('a missing broker is one error, in time, which names the address', async () => {
    const written: unknown[] = []
    const spies = [process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, 'write').mockImplementation((chunk) => written.push(chunk) > 0),
    )
    try {
      const addresses = ['127.0.0.1:1', '127.0.0.1:2']
      const client = kafkajs().client({
        brokers: addresses,
        clientId: 'c',
        connectTimeoutMs: 700,
        requestTimeoutMs: 5000,
      })
      const settings = {
        groupId: 'g',
        topics: ['t'],
        autoOffsetReset: 'earliest',
        sessionTimeoutMs: 6000,
        heartbeatIntervalMs: 1000,
        rebalanceTimeoutMs: 60_000,
        fetchMaxBytes: 1 << 20,
        maxDecompressedBytes: 1 << 27,
        fetchMaxWaitMs: 500,
        isolationLevel: 'read_committed',
        assigned: async () => {},
        revoked: async () => {},
      } as const
      for (const open of [
        () => client.admin(),
        () => client.producer(producerSettings()),
        () => client.consumer(settings),
      ]) {
        const started = Date.now()
        const error: unknown = await open().catch((thrown: unknown) => thrown)
        expect(error).toMatchObject({
          code: 'BROKER_UNREACHABLE',
          message: expect.stringContaining('127.0.0.1:1, 127.0.0.1:2'),
        })
        expect(Date.now() - started).toBeLessThan(1200)
      }
    } finally {
      for (const spy of spies) spy.mockRestore()
    }
    expect(written).toEqual([])
  })
})

/** Changes a topic's configuration, which takes effect some time after it was accepted. */
async function alterConfig(topic: string, name: string, value: string): Promise<void> {
  const admin = kafka().admin()
  await admin.connect()
  const resource = { type: ConfigResourceTypes.TOPIC, name: topic, configEntries: [{ name, value }] }
  await admin.alterConfigs({ validateOnly: false, resources: [resource] })
  await admin.disconnect()
}
