import { describe } from 'vitest'
import { readReference, SEEDS } from './fixtures/kafka-streams/reference.ts'
import { windowsOfKafkaStreams } from './fixtures/kafka-streams/windows.ts'

describe.each(SEEDS)('Kafka Streams, run %i', (seed) => {
  windowsOfKafkaStreams(readReference(seed))
})
