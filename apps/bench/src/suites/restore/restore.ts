import { kafkats } from '@snapstream/kafkats'
import type { Arena } from '../../harness/arena.ts'
import { kafkaStreamsStores } from '../../peers/kafka-streams-stores.ts'
import type { Case, Contestant, Ratio, Suite } from '../../suite.ts'
import * as byCache from './by-cache.ts'
import * as byStore from './by-store.ts'
import { changelogLoad, restoreTrial } from './changelog-load.ts'
import { partitions } from './partitions.ts'

const STREAMS = 'Kafka Streams'
const PAGES = '[the pages of LMDB](../../docs/decisions/lmdb-syncs-each-commit.md)'

const contestants: readonly Contestant[] = [
  { name: 'Cache', settings: 'writes the entries from memory, through JSON', run: byCache.write('level') },
  { name: 'Cache over lmdb', settings: 'likewise', run: byCache.write('lmdb') },
  { name: 'Store', settings: 'Topic over kafkats', run: byStore.restore('level', kafkats()) },
  { name: 'Store over lmdb', settings: 'Topic over kafkats', run: byStore.restore('lmdb', kafkats()) },
  { name: 'Store, kafkajs', settings: 'Topic over kafkajs', run: byStore.restore('level', undefined) },
  { name: STREAMS, ...kafkaStreamsStores('restore') },
]

const ratios: readonly Ratio[] = [
  { of: 'Store', to: 'Cache', atLeast: 0.9 },
  { of: 'Store over lmdb', to: 'Cache over lmdb', atLeast: 0.9 },
  { of: 'Store', to: STREAMS, atLeast: 1 },
  { of: 'Store over lmdb', to: STREAMS, atLeast: 1, bound: PAGES },
  { of: 'Store, kafkajs', to: STREAMS },
]

const restoring = (name: string, keys: string, records: (arena: Arena) => number): Case => ({
  name,
  about: `Restoring a changelog of ${keys} keys, shuffled, with 100 bytes of JSON each, over 4 partitions, until the entries are synced to disk. Cache writes the same entries with a stream. Pages of LMDB that are mapped count as memory`,
  contestants,
  ratios,
  columns: ['rate', 'cpuPerMillion', 'peakBytes', 'grewBytes'],
  maxRounds: 3,
  input: (arena) => changelogLoad(arena, records(arena)),
  begin: restoreTrial,
})

/** Cases of their own for each database: LMDB takes much longer. */
function tenMillion(name: string, names: readonly string[]): Case {
  const all = restoring(name, '10,000,000', ({ count }) => count(100_000, 10_000_000))
  return {
    ...all,
    maxRounds: 1,
    contestants: contestants.filter((one) => names.includes(one.name)).map((one) => ({ ...one, fullOnly: true })),
    ratios: ratios.filter(({ of, to }) => names.includes(of) && names.includes(to)),
  }
}

export const restore: Suite = {
  name: 'restore',
  about: 'restoring stores from their changelogs, and stores with many partitions',
  cases: [
    restoring('million', '1,000,000', ({ count }) => count(1_000_000, 1_000_000)),
    tenMillion('ten-million', ['Cache', 'Store', STREAMS]),
    tenMillion('ten-million-lmdb', ['Cache over lmdb', 'Store over lmdb', STREAMS]),
    partitions,
  ],
}
