import { kafkats } from '@snapstream/kafkats'
import * as byWindow from '../../kafka/by-window.ts'
import type { Output } from '../../kafka/output-trial.ts'
import { timedLoad } from '../../kafka/timed-load.ts'
import { windowTrial, type WindowLoad } from '../../kafka/window-trial.ts'
import { kafkaStreamsTime } from '../../peers/kafka-streams-time.ts'
import { pythonPeer } from '../../peers/python-peer.ts'
import type { Arena } from '../../harness/arena.ts'
import type { Case, Suite } from '../../suite.ts'

const KEYS = 2000
const SIZE_MS = 2000
const RECORDS_PER_MS = 10
const STREAMS = 'Kafka Streams'
const QUIX = 'Quix Streams'
const STORE = 'Store on LevelDB with a changelog topic'

async function windowLoad(arena: Arena, records: number): Promise<WindowLoad> {
  const shape = { records, keys: KEYS, recordsPerMs: RECORDS_PER_MS }
  return { ...(await timedLoad(arena, 'windows', shape)), sizeMs: SIZE_MS }
}

const counts: Case = {
  name: 'counts',
  about: `Counting ${KEYS.toLocaleString('en-US')} keys in tumbling windows of ${SIZE_MS / 1000} s of event time, with ${(RECORDS_PER_MS * 1000).toLocaleString('en-US')} records in each of its seconds and no grace; the count of a window is written to a topic once it is over`,
  contestants: [
    {
      name: 'window over kafkajs',
      settings: STORE,
      run: async (input: WindowLoad & Output) => byWindow.windows(input, undefined),
    },
    {
      name: 'window over kafkats',
      settings: STORE,
      run: async (input: WindowLoad & Output) => byWindow.windows(input, kafkats()),
    },
    { name: STREAMS, ...kafkaStreamsTime('windows') },
    {
      name: QUIX,
      settings: 'RocksDB with a changelog topic, linger 5 ms; windows close by partition',
      ...pythonPeer('quixstreams', 'quix_time.py', 'windows'),
      input: (arena) => windowLoad(arena, arena.count(25_000, 500_000)),
    },
  ],
  ratios: [
    { of: 'window over kafkats', to: STREAMS, atLeast: 1.5 },
    { of: 'window over kafkajs', to: STREAMS },
    { of: 'window over kafkats', to: QUIX, atLeast: 5 },
  ],
  columns: ['rate', 'steadyRate', 'cpuPerMillion', 'peakBytes'],
  input: (arena) => windowLoad(arena, arena.count(100_000, 2_000_000)),
  begin: windowTrial,
}

export const windowed: Suite = { name: 'windowed', about: 'counts by windows of event time', cases: [counts] }
