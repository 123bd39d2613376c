import { describe, test } from 'vitest'
import { replayConformance } from '../conformance/replay-conformance.ts'
import { kafkajs } from '../kafkajs/index.ts'

const brokers = process.env['KAFKA_BROKERS']?.split(',')

describe.skipIf(!brokers)('on a real Kafka', () => {
  replayConformance({ test, describe }, { driver: kafkajs(), brokers: brokers ?? [] })
})
