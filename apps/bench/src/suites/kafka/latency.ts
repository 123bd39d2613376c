import { latencyTrial } from '../../kafka/latency-trial.ts'
import type { LatencyLoad } from '../../kafka/latency-trial.ts'
import { kafkaStreams } from '../../peers/kafka-streams.ts'
import type { Case, Suite } from '../../suite.ts'
import { rawPipelines, topicPipelines } from './pipeline.ts'

const RATE = 5000

const steady: Case = {
  name: 'steady',
  about: `JSON from topic to topic at ${RATE} messages/s. The latency is the time from the append of a record to the append of its result, by the clock of the broker, in whole ms`,
  contestants: [
    ...rawPipelines,
    ...topicPipelines,
    { name: 'Kafka Streams', ...kafkaStreams('messages'), fullOnly: true },
  ],
  ratios: [
    { of: 'Topic over kafkajs', to: 'kafkajs', figure: 'p99Ms', atMost: 1.2 },
    { of: 'Topic over kafkats', to: '@kafkats/client', figure: 'p99Ms', atMost: 1.2 },
    { of: 'Topic over kafkajs', to: 'kafkajs', figure: 'p50Ms' },
    { of: 'Topic over kafkats', to: '@kafkats/client', figure: 'p50Ms' },
  ],
  columns: ['p99Ms', 'p50Ms', 'p999Ms', 'cpuPerMillion', 'peakBytes'],
  input: ({ count }): LatencyLoad => ({ rate: RATE, warmUp: count(5000, 50_000), records: count(15_000, 300_000) }),
  begin: (load: LatencyLoad, arena) => latencyTrial(load, arena),
}

export const latency: Suite = { name: 'latency', about: 'how long a message takes', cases: [steady] }
