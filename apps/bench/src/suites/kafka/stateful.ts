import { kafkats } from '@snapstream/kafkats'
import type { KafkaConf } from '@snapstream/kafka'
import * as byStore from '../../kafka/by-store.ts'
import * as byTopic from '../../kafka/by-topic.ts'
import { committedOutputTrial, outputTrial } from '../../kafka/output-trial.ts'
import type { Output } from '../../kafka/output-trial.ts'
import { topicLoad } from '../../kafka/topic-load.ts'
import type { Load } from '../../kafka/topic-load.ts'
import { kafkaStreams } from '../../peers/kafka-streams.ts'
import { pythonPeer } from '../../peers/python-peer.ts'
import type { Case, Contestant, Suite } from '../../suite.ts'

const KEYS = 100_000
const SYNCED = 'LevelDB, synced to disk at each checkpoint before offsets are committed'

const withChangelog = (driver: KafkaConf['driver']) => (input: Load & Output) =>
  byTopic.tallies({ ...input, changelog: `${input.output}-changelog` }, driver)

const STREAMS = 'Kafka Streams'
const QUIX = 'Quix Streams'
const STORE_SETTINGS = 'LevelDB with a changelog topic'

const store = (over: 'kafkajs' | 'kafkats', exactlyOnce = false): Contestant => ({
  name: `Store over ${over}`,
  settings: STORE_SETTINGS,
  run: (input: Load & Output) => byStore.tallies(input, over === 'kafkats' ? kafkats() : undefined, exactlyOnce),
})

const tallies: Case = {
  name: 'tallies',
  about: `A running count and sum for each of ${KEYS.toLocaleString('en-US')} keys, each new state written to a topic. The state of Cache survives a power cut, and with a changelog the loss of the machine. The states of Kafka Streams and Quix Streams survive as long as their changelog topics do`,
  contestants: [
    {
      name: 'Topic over kafkajs, Cache',
      settings: SYNCED,
      run: (input: Load & Output) => byTopic.tallies(input, undefined),
    },
    {
      name: 'Topic over kafkats, Cache',
      settings: SYNCED,
      run: (input: Load & Output) => byTopic.tallies(input, kafkats()),
    },
    {
      name: 'Topic over kafkats, Cache and changelog',
      settings: `${SYNCED}; each state is also written to a compacted topic, and acknowledged by then`,
      run: withChangelog(kafkats()),
    },
    store('kafkajs'),
    store('kafkats'),
    { name: STREAMS, ...kafkaStreams('tallies') },
    {
      name: QUIX,
      settings: 'RocksDB with a changelog topic, linger 5 ms',
      ...pythonPeer('quixstreams', 'quix_python.py', 'tallies'),
      input: (arena) => topicLoad(arena, { records: arena.count(25_000, 500_000), keys: KEYS }),
    },
  ],
  ratios: [
    { of: 'Topic over kafkats, Cache', to: STREAMS, atLeast: 1 },
    { of: 'Topic over kafkats, Cache and changelog', to: STREAMS, atLeast: 1 },
    { of: 'Store over kafkats', to: STREAMS, atLeast: 2 },
    { of: 'Store over kafkajs', to: STREAMS },
    { of: 'Topic over kafkats, Cache', to: QUIX, atLeast: 1 },
    { of: 'Topic over kafkats, Cache and changelog', to: QUIX, atLeast: 1 },
    { of: 'Store over kafkats', to: QUIX, atLeast: 6 },
  ],
  columns: ['rate', 'steadyRate', 'cpuPerMillion', 'peakBytes'],
  input: (arena) => topicLoad(arena, { records: arena.count(100_000, 2_000_000), keys: KEYS }),
  begin: (load: Load, arena) => outputTrial(load, 'tallies', arena),
}

const exactlyOnce: Case = {
  name: 'exactly-once',
  about: 'The same with the changelog, the outputs and the positions in transactions of 100 ms',
  contestants: [
    store('kafkajs', true),
    store('kafkats', true),
    { name: STREAMS, ...kafkaStreams('tallies', { guarantee: 'exactly_once_v2' }) },
  ],
  ratios: [
    { of: 'Store over kafkats', to: STREAMS },
    { of: 'Store over kafkajs', to: STREAMS },
  ],
  columns: ['rate', 'steadyRate', 'cpuPerMillion', 'peakBytes'],
  input: (arena) => topicLoad(arena, { records: arena.count(100_000, 2_000_000), keys: KEYS }),
  begin: (load: Load, arena) => committedOutputTrial(load, 'tallies', arena),
}

export const stateful: Suite = {
  name: 'stateful',
  about: 'a state for each key',
  cases: [tallies, exactlyOnce],
}
