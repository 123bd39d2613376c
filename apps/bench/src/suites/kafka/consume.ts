import { kafkats } from '@snapstream/kafkats'
import * as byKafkajs from '../../kafka/by-kafkajs.ts'
import * as byKafkats from '../../kafka/by-kafkats.ts'
import * as byPlatformatic from '../../kafka/by-platformatic.ts'
import * as byTopic from '../../kafka/by-topic.ts'
import { expectedRead } from '../../kafka/stopwatch.ts'
import { topicLoad } from '../../kafka/topic-load.ts'
import type { Load } from '../../kafka/topic-load.ts'
import { installPeer } from '../../peers/npm-peer.ts'
import { pythonPeer } from '../../peers/python-peer.ts'
import type { Case, Suite } from '../../suite.ts'
import { expectChecksum } from '../core/contestant.ts'

const about =
  'Topic without a codec over each driver, compared with the batch loops of clients. Topic decodes key and value as UTF-8; the loops decode nothing'

const text: Case = {
  name: 'text',
  about,
  contestants: [
    { name: 'kafkajs', settings: 'eachBatch, all partitions at once', run: byKafkajs.consume },
    {
      name: '@kafkats/client',
      settings: 'runBatch, all partitions at once, up to 4000 records',
      run: byKafkats.consume,
    },
    {
      name: '@platformatic/kafka',
      settings: 'a stream, read by its data events',
      run: byPlatformatic.consume,
      install: (log) => installPeer('@platformatic/kafka', log),
    },
    { name: 'Topic over kafkajs', run: (load: Load) => byTopic.consume(load, undefined) },
    { name: 'Topic over kafkats', run: (load: Load) => byTopic.consume(load, kafkats()) },
    {
      name: 'librdkafka from Python',
      settings: 'consume(5000)',
      ...pythonPeer('confluent-kafka', 'confluent_consume.py'),
    },
    {
      name: 'snapstream for Python',
      ...pythonPeer('snapstream', 'snapstream_python.py', 'consume'),
      input: (arena) => topicLoad(arena, { records: arena.count(100_000, 1_000_000) }),
    },
  ],
  ratios: [
    { of: 'Topic over kafkajs', to: 'kafkajs', atLeast: 0.95 },
    { of: 'Topic over kafkats', to: '@kafkats/client', atLeast: 0.95 },
    { of: 'Topic over kafkajs', to: 'snapstream for Python', atLeast: 4 },
    { of: 'Topic over kafkats', to: 'snapstream for Python', atLeast: 9 },
  ],
  input: (arena) => topicLoad(arena, { records: arena.count(500_000, 2_000_000) }),
  begin: async (load: Load) => ({ input: {}, verify: async (outcome) => expectChecksum(outcome, expectedRead(load)) }),
}

export const consume: Suite = { name: 'consume', about: 'reading a topic', cases: [text] }
