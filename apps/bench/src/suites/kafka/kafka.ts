import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { createApp } from '@snapstream/core'
import { Topic } from '@snapstream/kafka'
import { kafkats } from '@snapstream/kafkats'
import { startKafka } from '../../../../../tools/services/kafka-broker.mjs'
import type { Suite } from '../../suite.ts'
import * as byKafkajs from './by-kafkajs.ts'
import * as byKafkats from './by-kafkats.ts'
import * as byTopic from './by-topic.ts'
import { PARTITIONS, RECORDS, records } from './load.ts'

export const kafka: Suite = {
  name: 'kafka',
  about: `reading, and reading and writing, ${RECORDS} records of 100 bytes in ${PARTITIONS} partitions of a real broker`,
  async prepare(log) {
    const given = process.env['KAFKA_BROKERS']
    const broker = given === undefined ? await startKafka() : undefined
    const brokers = given ?? broker?.brokers ?? ''
    const name = `bench-${randomUUID()}`
    log(`writing ${RECORDS} records`)
    const target = Topic(name, { create: { partitions: PARTITIONS }, conf: { brokers, driver: kafkats() } })
    const app = createApp()
    app.snap(records(), { sink: [target] })((record) => record)
    await app.stream()
    return { input: JSON.stringify({ brokers, topic: name }), close: async () => broker?.stop() }
  },
  cases: [
    {
      name: 'consume',
      about:
        'Topic without a codec (it decodes key and value as UTF-8) over each driver, beside the batch loop of its client (which does not)',
      contestants: [
        { name: 'kafkajs', run: byKafkajs.consume },
        { name: '@kafkats/client', run: byKafkats.consume },
        { name: 'Topic over kafkajs', run: (input) => byTopic.consume(input, undefined) },
        { name: 'Topic over kafkats', run: (input) => byTopic.consume(input, kafkats()) },
      ],
      ratios: [
        { of: 'Topic over kafkajs', to: 'kafkajs', atLeast: 0.9 },
        { of: 'Topic over kafkats', to: '@kafkats/client', atLeast: 0.9 },
      ],
    },
    {
      name: 'pipeline',
      about:
        'JSON from one topic, a handler, JSON into another topic; by hand: a batch loop and one send for each batch; written with acks from all, offsets committed each second',
      contestants: [
        { name: 'kafkajs', run: byKafkajs.pipeline },
        { name: '@kafkats/client', run: byKafkats.pipeline },
        { name: 'Topic over kafkajs', run: (input) => byTopic.pipeline(input, undefined) },
        { name: 'Topic over kafkats', run: (input) => byTopic.pipeline(input, kafkats()) },
      ],
      ratios: [
        { of: 'Topic over kafkats', to: 'Topic over kafkajs', atLeast: 2.5 },
        { of: 'Topic over kafkats', to: 'kafkajs', atLeast: 2.5 },
        { of: 'Topic over kafkats', to: '@kafkats/client' },
        { of: 'Topic over kafkajs', to: 'kafkajs', atLeast: 1 },
      ],
    },
  ],
}
