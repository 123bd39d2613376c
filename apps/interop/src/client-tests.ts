import type { KafkaConf } from '@snapstream/kafka'
import type { Compression } from '@snapstream/kafka/driver'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { drivers } from './drivers.ts'
import { expectContent, expectSame } from './expect-same.ts'
import type { OtherClient } from './other-client.ts'
import { randomBatches } from './random-batches.ts'
import { headerLines, toBase64OrNull } from './record-line.ts'
import type { ReadLine, RecordLine } from './record-line.ts'
import { recordList } from './record-list.ts'
import { PARTITIONS, testTopics } from './test-topics.ts'
import { readTopic, writeTopic } from './topic-io.ts'
import { writeBatches } from './write-batches.ts'

export interface ClientTestOptions {
  readonly client: (brokers: string) => Promise<OtherClient>
  /** Settings of the producer in addition to idempotence and compression, which have the same names in all clients. */
  readonly producer?: Readonly<Record<string, string>>
  /** The earliest timestamp that the client writes. Some clients take 0 for the current time. */
  readonly earliest: number
}

const CODECS: readonly Compression[] = ['gzip', 'snappy', 'lz4', 'zstd']
const SEED = 20_260_101

/** Tests that drivers and another client write the same records, and that each reads the records of the other. */
export function clientTests(name: string, { client, producer, earliest }: ClientTestOptions): void {
  const brokers = process.env['KAFKA_BROKERS'] ?? ''
  const topics = testTopics(brokers)
  const list = recordList(10_000, PARTITIONS).map((record) => notBefore(record, earliest))
  const some = list.slice(0, 2000)
  const settings = { 'enable.idempotence': true, 'linger.ms': 20, ...producer }
  let other: OtherClient
  let reference: { readonly topic: string; readonly records: readonly ReadLine[] }

  beforeAll(async () => {
    other = await client(brokers)
    const topic = await topics.create()
    await other.produce(topic, list, settings)
    reference = { topic, records: await other.consume(topic) }
  })
  afterAll(async () => {
    await other?.close()
    await topics.deleteAll()
  })

  test(`${name} reads the records that it wrote`, () => {
    expectContent(reference.records, list)
    expect(new Set(reference.records.map(({ partition }) => partition)).size).toBe(PARTITIONS)
  })

  describe.each(drivers.map((driver) => [driver.name, driver] as const))('%s', (_, driver) => {
    const conf: KafkaConf = { brokers, driver }
    const compressions = driver.supports.compression.filter((codec) => codec !== 'none')

    test(`writes the same records in the same order to the same partitions as ${name}`, async () => {
      const topic = await topics.create()
      await writeTopic(topic, list, conf)
      expectSame(await other.consume(topic), reference.records)
    })

    test(`reads the records that ${name} wrote`, async () => {
      expectSame(await readTopic(reference.topic, conf), reference.records)
    })

    test(`distinguishes null headers from empty ones, to and from ${name}`, async () => {
      const topic = await topics.create()
      const headers = [['a', null] as const, ['b', ''] as const, ['a', 'AA=='] as const, ['a', null] as const]
      const record = { partition: 3, key: 'aw==', value: 'dg==', headers, timestamp: earliest }
      await other.produce(topic, [record], settings)
      const read = await readTopic(topic, conf)
      expect(read).toEqual([{ ...record, offset: 0 }])
      await writeTopic(topic, read, conf)
      expect(await other.consume(topic)).toEqual([
        { ...record, offset: 0 },
        { ...record, offset: 1 },
      ])
    })

    test.each(CODECS)(`reads batches that ${name} compressed with %s`, async (codec) => {
      const topic = await topics.create()
      await other.produce(topic, some, { ...settings, 'compression.type': codec })
      const read = await readTopic(topic, conf)
      expectContent(read, some)
      expectSame(read, await other.consume(topic))
    })

    test.each(compressions)(`writes batches with %s that ${name} reads`, async (compression) => {
      const topic = await topics.create()
      await writeTopic(topic, some, { ...conf, compression })
      const read = await other.consume(topic)
      expectContent(read, some)
      expectSame(await readTopic(topic, conf), read)
    })

    test.skipIf(driver.supports.ignoredSettings.includes('idempotence'))(
      `writes records with idempotence that ${name} reads`,
      async () => {
        const topic = await topics.create()
        await writeTopic(topic, list, { ...conf, idempotence: true })
        expectSame(await other.consume(topic), reference.records)
      },
    )

    test(`writes 300 random batches (seed ${SEED}) that ${name} reads byte for byte`, async () => {
      const topic = await topics.create()
      const batches = randomBatches(300, SEED)
      const written = await writeBatches(topic, batches, { brokers, driver })
      const expected = written.map((record) => ({
        ...record,
        key: toBase64OrNull(record.key),
        value: toBase64OrNull(record.value),
        headers: headerLines(record.headers),
      }))
      expectSame(await other.consume(topic), expected)
    })
  })
}

const notBefore = (record: RecordLine, earliest: number): RecordLine =>
  Number(record.timestamp) < earliest ? { ...record, timestamp: earliest } : record
