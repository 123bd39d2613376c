import { kafkats } from '@snapstream/kafkats'
import * as byTopic from '../../kafka/by-topic.ts'
import { committedOutputTrial } from '../../kafka/output-trial.ts'
import type { Output } from '../../kafka/output-trial.ts'
import { topicLoad } from '../../kafka/topic-load.ts'
import type { Load } from '../../kafka/topic-load.ts'
import { committedLatencyTrial } from '../../kafka/latency-trial.ts'
import type { LatencyLoad } from '../../kafka/latency-trial.ts'
import { COMPILED, franzGo } from '../../peers/franz-go.ts'
import { kafkaStreams } from '../../peers/kafka-streams.ts'
import type { Case, Contestant, Suite } from '../../suite.ts'
import { topicPipelines } from './pipeline.ts'

const OURS = ['exactlyOnce over kafkajs', 'exactlyOnce over kafkats'] as const
const STREAMS = 'Kafka Streams'
const FRANZ_GO = 'franz-go, GroupTransactSession'

const contestants: readonly Contestant[] = [
  { name: OURS[0], run: (input: Load & Output) => byTopic.pipeline(input, undefined, true) },
  { name: OURS[1], run: (input: Load & Output) => byTopic.pipeline(input, kafkats(), true) },
  { name: STREAMS, ...kafkaStreams('messages', { guarantee: 'exactly_once_v2' }) },
  { name: FRANZ_GO, ...franzGo('exactly_once') },
]

const json: Case = {
  name: 'json',
  about: 'JSON from one topic, a handler, JSON into another topic, in transactions of 100 ms',
  contestants: [...topicPipelines.map((one) => ({ ...one, settings: 'at least once' })), ...contestants],
  ratios: [
    { of: OURS[0], to: 'Topic over kafkajs', atLeast: 0.85 },
    { of: OURS[1], to: 'Topic over kafkats', atLeast: 0.85 },
    ...OURS.map((of) => ({ of, to: STREAMS, atLeast: 1.5 })),
    ...OURS.map((of) => ({ of, to: FRANZ_GO, atLeast: 1, bound: COMPILED })),
  ],
  columns: ['rate', 'steadyRate', 'cpuPerMillion', 'peakBytes'],
  input: (arena) => topicLoad(arena, { records: arena.count(200_000, 2_000_000) }),
  begin: (load: Load, arena) => committedOutputTrial(load, 'messages', arena),
}

const RATE = 5000

const latency: Case = {
  name: 'latency',
  about: `The same at ${RATE} messages/s. The latency is the time from the append of a record, by the clock of the broker, to the arrival of its result at a reader with read_committed, in whole ms. The reader is the same for all contestants`,
  contestants,
  ratios: [
    ...OURS.map((of) => ({ of, to: STREAMS, figure: 'p99Ms', atMost: 1.2 })),
    ...OURS.map((of) => ({ of, to: STREAMS, figure: 'p50Ms' })),
    ...OURS.map((of) => ({ of, to: FRANZ_GO, figure: 'p99Ms' })),
  ],
  columns: ['p99Ms', 'p50Ms', 'p999Ms', 'cpuPerMillion', 'peakBytes'],
  maxRounds: 3,
  input: ({ count }): LatencyLoad => ({ rate: RATE, warmUp: count(5000, 50_000), records: count(15_000, 150_000) }),
  begin: (load: LatencyLoad, arena) => committedLatencyTrial(load, arena),
}

export const exactlyOnce: Suite = {
  name: 'exactly-once',
  about: 'reading a topic and writing another, with the positions in the same transactions',
  cases: [json, latency],
}
