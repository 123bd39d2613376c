import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { Kafka, logLevel } from 'kafkajs'
import { startKafka } from '../../../../tools/services/kafka-broker.mjs'
import type { Suite } from '../suite.ts'

const RECORDS = 1_000_000
const PARTITIONS = 4
const MAX_BYTES = 2 * 1024 * 1024

interface Input {
  readonly brokers: string
  readonly topic: string
}

/** 100 bytes of JSON. */
function recordOf(i: number): string {
  const head = `{"id":${i},"text":"`
  return `${head}${'x'.repeat(98 - head.length)}"}`
}

/** KafkaJS as well as one can use it by hand: whole batches, all partitions at once, no commits. */
async function eachBatch(input: string): Promise<number> {
  const { brokers, topic } = JSON.parse(input) as Input
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING })
  const consumer = kafka.consumer({ groupId: randomUUID(), maxWaitTimeInMs: 250, maxBytes: MAX_BYTES })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  let records = 0
  let bytes = 0
  let started = 0
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
    void consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: PARTITIONS,
      eachBatch: async ({ batch }) => {
        started ||= performance.now()
        for (const message of batch.messages) bytes += message.value?.length ?? 0
        records += batch.messages.length
        if (records >= RECORDS) resolve()
      },
    })
  })
  const rate = rateOf(started, records, bytes)
  await consumer.disconnect()
  return rate
}

async function topic(input: string): Promise<number> {
  const { brokers, topic: name } = JSON.parse(input) as Input
  const source = Topic(name, { groupId: randomUUID(), until: 'end', conf: { brokers, fetchMaxBytes: MAX_BYTES } })
  const app = createApp()
  let records = 0
  let bytes = 0
  let started = 0
  let rate = 0
  app.snap(source)(({ value }) => {
    started ||= performance.now()
    bytes += value.length
    if (++records === RECORDS) rate = rateOf(started, records, bytes)
  })
  await app.stream()
  return rate
}

function rateOf(started: number, records: number, bytes: number): number {
  if (records !== RECORDS || bytes !== RECORDS * 100) throw new Error(`read ${records} records and ${bytes} bytes`)
  return records / ((performance.now() - started) / 1000)
}

export const kafka: Suite = {
  name: 'kafka',
  about: `reading ${RECORDS} records of 100 bytes from ${PARTITIONS} partitions of a real broker`,
  async prepare(log) {
    const given = process.env['KAFKA_BROKERS']
    const broker = given === undefined ? await startKafka() : undefined
    const brokers = given ?? broker?.brokers ?? ''
    const name = `bench-${randomUUID()}`
    log(`writing ${RECORDS} records`)
    const target = Topic(name, { create: { partitions: PARTITIONS }, conf: { brokers } })
    const app = createApp()
    app.snap(records(), { sink: [target] })((record) => record)
    await app.stream()
    return { input: JSON.stringify({ brokers, topic: name }), close: async () => broker?.stop() }
  },
  cases: [
    {
      name: 'consume',
      about:
        'Topic over KafkaJS without a codec (it decodes key and value as UTF-8) and a bare eachBatch loop (which does not)',
      contestants: [
        { name: 'eachBatch', run: eachBatch },
        { name: 'Topic', run: topic },
      ],
      ratios: [{ of: 'Topic', to: 'eachBatch', atLeast: 0.9 }],
    },
  ],
}

function* records() {
  for (let i = 0; i < RECORDS; i++) yield [String(i), recordOf(i)] as const
}
