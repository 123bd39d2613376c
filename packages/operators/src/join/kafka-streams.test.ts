import { describe } from 'vitest'
import { readReference, SEEDS } from '../fixtures/kafka-streams/reference.ts'
import { joinsOfKafkaStreams } from '../fixtures/kafka-streams/joins.ts'

describe.each(SEEDS)('Kafka Streams, run %i', (seed) => {
  joinsOfKafkaStreams(readReference(seed))
})
