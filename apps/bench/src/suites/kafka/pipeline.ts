import { kafkats } from '@snapstream/kafkats'
import type { Arena } from '../../harness/arena.ts'
import * as byKafkajs from '../../kafka/by-kafkajs.ts'
import * as byKafkats from '../../kafka/by-kafkats.ts'
import * as byPlatformatic from '../../kafka/by-platformatic.ts'
import * as byTopic from '../../kafka/by-topic.ts'
import { outputTrial } from '../../kafka/output-trial.ts'
import type { Output } from '../../kafka/output-trial.ts'
import { topicLoad } from '../../kafka/topic-load.ts'
import type { Load } from '../../kafka/topic-load.ts'
import { COMPILED, franzGo } from '../../peers/franz-go.ts'
import { kafkaStreams } from '../../peers/kafka-streams.ts'
import { kafkatsFlow } from '../../peers/kafkats-flow.ts'
import { installPeer } from '../../peers/npm-peer.ts'
import { pythonPeer } from '../../peers/python-peer.ts'
import type { Case, OwnContestant, Suite } from '../../suite.ts'

const inputs = {
  fast: (arena: Arena) => topicLoad(arena, { records: arena.count(200_000, 2_000_000) }),
  slow: (arena: Arena) => topicLoad(arena, { records: arena.count(50_000, 500_000) }),
  slowest: (arena: Arena) => topicLoad(arena, { records: arena.count(10_000, 50_000) }),
}

/** Contestants without a library for streams, as fast as their clients allow. Other suites use them too. */
export const rawPipelines: readonly OwnContestant[] = [
  { name: 'kafkajs', settings: 'eachBatch, one send for each batch', run: byKafkajs.pipeline },
  {
    name: '@kafkats/client',
    settings: 'runBatch of up to 4000 records, one send for each batch',
    run: byKafkats.pipeline,
  },
]

export const topicPipelines: readonly OwnContestant[] = [
  { name: 'Topic over kafkajs', run: (input: Load & Output) => byTopic.pipeline(input, undefined) },
  { name: 'Topic over kafkats', run: (input: Load & Output) => byTopic.pipeline(input, kafkats()) },
]

const OURS = 'Topic over kafkats'

const json: Case = {
  name: 'json',
  about: 'JSON from one topic through a handler to JSON in another topic',
  contestants: [
    ...rawPipelines,
    {
      name: '@platformatic/kafka',
      settings: 'for await, one send for each 1000 messages; collects the next ones during a send',
      run: byPlatformatic.pipeline,
      install: (log) => installPeer('@platformatic/kafka', log),
      input: inputs.slow,
    },
    ...topicPipelines,
    { name: 'Kafka Streams', ...kafkaStreams('messages') },
    { name: 'Kafka Streams, its own linger', ...kafkaStreams('messages', { lingerMs: 100 }), fullOnly: true },
    { name: 'franz-go', ...franzGo('at_least_once') },
    {
      name: 'Quix Streams',
      settings: 'linger 5 ms',
      ...pythonPeer('quixstreams', 'quix_python.py', 'messages'),
      input: inputs.slow,
    },
    {
      name: 'snapstream for Python',
      settings: 'linger 5 ms, does not wait for acknowledgements',
      ...pythonPeer('snapstream', 'snapstream_python.py', 'pipeline'),
      input: inputs.slow,
    },
    { name: '@kafkats/flow', ...kafkatsFlow, input: inputs.slowest },
    {
      name: 'slipstream',
      settings: 'waits for the acknowledgement of each record; it has no other mode',
      ...pythonPeer('slipstream', 'slipstream_python.py'),
      input: inputs.slowest,
    },
  ],
  ratios: [
    { of: 'Topic over kafkajs', to: 'kafkajs', atLeast: 1.25 },
    { of: OURS, to: '@kafkats/client' },
    { of: OURS, to: 'Kafka Streams', atLeast: 1.2 },
    { of: OURS, to: 'Kafka Streams', toFigure: 'steadyRate', atLeast: 1 },
    { of: OURS, to: 'Kafka Streams, its own linger', atLeast: 1.2 },
    { of: OURS, to: 'Kafka Streams, its own linger', toFigure: 'steadyRate', atLeast: 1 },
    { of: OURS, to: 'franz-go', atLeast: 1, bound: COMPILED },
    { of: OURS, to: 'Quix Streams', atLeast: 4 },
    { of: OURS, to: '@kafkats/flow', atLeast: 30 },
  ],
  columns: ['rate', 'steadyRate', 'cpuPerMillion', 'peakBytes'],
  input: inputs.fast,
  begin: (load: Load, arena) => outputTrial(load, 'messages', arena),
}

export const pipeline: Suite = { name: 'pipeline', about: 'reading a topic and writing another', cases: [json] }
