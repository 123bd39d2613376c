import { joinsOfKafkaStreams } from '@snapstream/operators/src/fixtures/kafka-streams/joins.ts'
import { parseReference, readReference, SEEDS } from '@snapstream/operators/src/fixtures/kafka-streams/reference.ts'
import { windowsOfKafkaStreams } from '@snapstream/operators/src/fixtures/kafka-streams/windows.ts'
import { describe, expect, test } from 'vitest'
import { runKafkaStreams } from './kafka-streams.ts'

const NEW_SEEDS = [4, 5, 6, 7, 8, 9]

// The tests are made of its answers.
const [recorded, ...lines] = await runKafkaStreams([SEEDS[0], ...NEW_SEEDS])

test('Kafka Streams answers what was recorded', () => {
  const { inputs, operators, outputsOf } = parseReference(recorded as string)
  const known = readReference(SEEDS[0])
  expect(inputs).toEqual(known.inputs)
  for (const operator of known.operators)
    expect([operator, outputsOf(operator)]).toEqual([operator, known.outputsOf(operator)])
  expect(operators).toEqual(expect.arrayContaining([...known.operators]))
})

describe.each(NEW_SEEDS.map((seed, i) => [seed, lines[i] as string] as const))('Kafka Streams, run %i', (_, line) => {
  const reference = parseReference(line)
  windowsOfKafkaStreams(reference)
  joinsOfKafkaStreams(reference)
})
