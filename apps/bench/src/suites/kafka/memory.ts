import { kafkats } from '@snapstream/kafkats'
import * as byKafkajs from '../../kafka/by-kafkajs.ts'
import * as byKafkats from '../../kafka/by-kafkats.ts'
import * as byTopic from '../../kafka/by-topic.ts'
import { outputTrial } from '../../kafka/output-trial.ts'
import { expectedRead } from '../../kafka/stopwatch.ts'
import { topicLoad } from '../../kafka/topic-load.ts'
import type { Load } from '../../kafka/topic-load.ts'
import type { Arena } from '../../harness/arena.ts'
import type { Case, Ratio, Suite } from '../../suite.ts'
import { expectChecksum } from '../core/contestant.ts'
import { rawPipelines, topicPipelines } from './pipeline.ts'

const columns = ['peakBytes', 'grewBytes', 'rate']
const ratios: readonly Ratio[] = [
  { of: 'Topic over kafkajs', to: 'kafkajs', figure: 'peakBytes', atMost: 1.5 },
  { of: 'Topic over kafkats', to: '@kafkats/client', figure: 'peakBytes', atMost: 1.5 },
]
const input = (arena: Arena) => topicLoad(arena, { records: arena.count(500_000, 10_000_000) })
const GREW = 'its growth from the second quarter of the run to the last (unknown for runs under 2 s)'

const consume: Case = {
  name: 'consume',
  about: `Reading many records: peak memory, and ${GREW}`,
  contestants: [
    { name: 'kafkajs', run: byKafkajs.consume },
    { name: '@kafkats/client', run: byKafkats.consume },
    { name: 'Topic over kafkajs', run: (load: Load) => byTopic.consume(load, undefined) },
    { name: 'Topic over kafkats', run: (load: Load) => byTopic.consume(load, kafkats()) },
  ],
  ratios,
  columns,
  maxRounds: 3,
  input,
  begin: async (load: Load) => ({ input: {}, verify: async (outcome) => expectChecksum(outcome, expectedRead(load)) }),
}

const pipeline: Case = {
  name: 'pipeline',
  about: `JSON from topic to topic, many records: peak memory, and ${GREW}`,
  contestants: [...rawPipelines, ...topicPipelines].map((contestant) => ({ ...contestant, fullOnly: true })),
  ratios,
  columns,
  maxRounds: 2,
  input,
  begin: (load: Load, arena) => outputTrial(load, 'messages', arena),
}

export const memory: Suite = {
  name: 'memory',
  about: 'peak and growth over many messages',
  cases: [consume, pipeline],
}
