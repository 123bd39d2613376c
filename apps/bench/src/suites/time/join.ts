import { kafkats } from '@snapstream/kafkats'
import * as byJoin from '../../kafka/by-join.ts'
import type { Output } from '../../kafka/output-trial.ts'
import { timedLoad } from '../../kafka/timed-load.ts'
import { joinTrial, type JoinLoad } from '../../kafka/join-trial.ts'
import { kafkaStreamsTime } from '../../peers/kafka-streams-time.ts'
import { pythonPeer } from '../../peers/python-peer.ts'
import type { Arena } from '../../harness/arena.ts'
import type { Case, Suite } from '../../suite.ts'

const KEYS = 100_000
const WITHIN_MS = 1000
const GRACE_MS = 5000
const RECORDS_PER_MS = 10
const STREAMS = 'Kafka Streams'
const QUIX = 'Quix Streams'
const STORE = 'Store on LevelDB with a changelog topic'

/** Two topics with the same records. A key comes again after ten seconds of event time. */
async function joinLoad(arena: Arena, records: number): Promise<JoinLoad> {
  const shape = { records, keys: KEYS, recordsPerMs: RECORDS_PER_MS }
  const left = await timedLoad(arena, 'left', shape)
  const right = await timedLoad(arena, 'right', shape)
  return { ...left, right: right.topic, withinMs: WITHIN_MS, graceMs: GRACE_MS }
}

const streams: Case = {
  name: 'streams',
  about: `An inner join of two topics by key within ${WITHIN_MS / 1000} s of event time, with a grace of ${GRACE_MS / 1000} s: each of ${(RECORDS_PER_MS * 1000).toLocaleString('en-US')} records in a second has one that it belongs to in the other topic. A message is a pair, which is written to a topic`,
  contestants: [
    {
      name: 'join over kafkajs',
      settings: STORE,
      run: async (input: JoinLoad & Output) => byJoin.joins(input, undefined),
    },
    {
      name: 'join over kafkats',
      settings: STORE,
      run: async (input: JoinLoad & Output) => byJoin.joins(input, kafkats()),
    },
    { name: STREAMS, ...kafkaStreamsTime('joins') },
    {
      name: QUIX,
      settings: 'RocksDB with changelog topics, linger 5 ms',
      ...pythonPeer('quixstreams', 'quix_time.py', 'joins'),
      input: (arena) => joinLoad(arena, arena.count(12_500, 250_000)),
    },
  ],
  ratios: [
    { of: 'join over kafkats', to: STREAMS, atLeast: 1.5 },
    { of: 'join over kafkajs', to: STREAMS },
    { of: 'join over kafkats', to: QUIX, atLeast: 5 },
  ],
  columns: ['rate', 'steadyRate', 'cpuPerMillion', 'peakBytes', 'grewBytes'],
  input: (arena) => joinLoad(arena, arena.count(50_000, 1_000_000)),
  begin: joinTrial,
}

export const join: Suite = { name: 'join', about: 'joins of topics by event time', cases: [streams] }
