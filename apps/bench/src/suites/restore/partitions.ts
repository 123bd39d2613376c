import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { topicLoad, type Load } from '../../kafka/topic-load.ts'
import { kafkaStreamsStores } from '../../peers/kafka-streams-stores.ts'
import type { Case } from '../../suite.ts'
import { expectChecksum } from '../core/contestant.ts'
import { count, type Counting } from './count-by-store.ts'

const PARTITIONS = 64
const KEYS = 100_000
const STREAMS = 'Kafka Streams'

export const partitions: Case = {
  name: 'partitions',
  about: `Counting records by ${KEYS.toLocaleString('en-US')} keys, over ${PARTITIONS} partitions in one process, with a changelog: the open files of the state, the memory, and the time of a checkpoint each second. A stream goes on with messages meanwhile; Kafka Streams, whose commit latency is shown, does not`,
  contestants: [
    { name: 'Store', run: count('level') },
    { name: 'Store over lmdb', run: count('lmdb') },
    { name: STREAMS, ...kafkaStreamsStores('count') },
  ],
  ratios: ['Store', 'Store over lmdb'].flatMap((of) => [
    { of, to: STREAMS, figure: 'stateFiles', atMost: 1 },
    { of, to: STREAMS, figure: 'peakBytes', atMost: 1 },
    { of, to: STREAMS, figure: 'checkpointMs' },
    { of, to: STREAMS },
  ]),
  columns: ['stateFiles', 'checkpointMs', 'checkpointMaxMs', 'peakBytes', 'rate', 'cpuPerMillion'],
  maxRounds: 3,
  input: (arena) => topicLoad(arena, { records: arena.count(200_000, 2_000_000), keys: KEYS, partitions: PARTITIONS }),
  async begin({ records }: Load) {
    const folder = await mkdtemp(join(tmpdir(), 'snapstream-bench-'))
    const input: Counting = { groupId: `bench-${randomUUID()}`, folder }
    return {
      input,
      verify: async (outcome) => expectChecksum(outcome, expectedCounts(records)),
      end: () => rm(folder, { recursive: true, force: true }),
    }
  },
}

/** Each key is counted up from 1. */
function expectedCounts(records: number): string {
  const [each, more] = [Math.floor(records / KEYS), records % KEYS]
  const sum = (KEYS * each * (each + 1)) / 2 + more * (each + 1)
  return `${records} records, counts of ${sum}`
}
