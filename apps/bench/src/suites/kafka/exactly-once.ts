import { kafkats } from '@snapstream/kafkats'
import * as byTopic from '../../kafka/by-topic.ts'
import { committedOutputTrial } from '../../kafka/output-trial.ts'
import type { Output } from '../../kafka/output-trial.ts'
import { topicLoad } from '../../kafka/topic-load.ts'
import type { Load } from '../../kafka/topic-load.ts'
import { kafkaStreams } from '../../peers/kafka-streams.ts'
import type { Case, Suite } from '../../suite.ts'
import { topicPipelines } from './pipeline.ts'

const json: Case = {
  name: 'json',
  about: 'JSON from one topic, a handler, JSON into another topic, in transactions of 100 ms',
  contestants: [
    ...topicPipelines.map((one) => ({ ...one, settings: 'at least once' })),
    { name: 'exactlyOnce over kafkajs', run: (input: Load & Output) => byTopic.pipeline(input, undefined, true) },
    { name: 'exactlyOnce over kafkats', run: (input: Load & Output) => byTopic.pipeline(input, kafkats(), true) },
    { name: 'Kafka Streams', ...kafkaStreams('messages', { guarantee: 'exactly_once_v2' }) },
  ],
  ratios: [
    { of: 'exactlyOnce over kafkajs', to: 'Topic over kafkajs', atLeast: 0.85 },
    { of: 'exactlyOnce over kafkats', to: 'Topic over kafkats', atLeast: 0.85 },
    { of: 'exactlyOnce over kafkats', to: 'Kafka Streams', atLeast: 1.5 },
  ],
  columns: ['rate', 'steadyRate', 'cpuPerMillion', 'peakBytes'],
  input: (arena) => topicLoad(arena, { records: arena.count(200_000, 2_000_000) }),
  begin: (load: Load, arena) => committedOutputTrial(load, 'messages', arena),
}

export const exactlyOnce: Suite = {
  name: 'exactly-once',
  about: 'reading a topic and writing another, with the positions in the same transactions',
  cases: [json],
}
