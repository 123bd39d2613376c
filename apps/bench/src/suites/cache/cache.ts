import { pythonCodecsCommand } from '@snapstream/services'
import type { Ratio, Suite } from '../../suite.ts'
import * as byCache from './by-cache.ts'
import * as byHand from './by-hand.ts'
import { byPython } from './by-python.ts'
import { BATCHES } from './load.ts'

const ENTRIES = 200_000
const PAGES = '[the pages of LMDB](../../docs/decisions/lmdb-syncs-each-commit.md)'

const install = () => pythonCodecsCommand('')

/** `bound`: the reason why lmdb misses its goals. */
const ratios = (atLeast: number, bound: Pick<Ratio, 'bound'> = {}): readonly Ratio[] => [
  { of: 'Cache', to: 'level', atLeast },
  { of: 'Cache over lmdb', to: 'lmdb' },
  { of: 'lmdb', to: 'level' },
  { of: 'Cache over lmdb', to: 'level' },
  { of: 'Cache over lmdb', to: 'Cache', atLeast: 1, ...bound },
  { of: 'Cache', to: 'Python Cache', atLeast: 1 },
  { of: 'Cache over lmdb', to: 'Python Cache', atLeast: 1, ...bound },
]

export const cache: Suite = {
  name: 'cache',
  about: 'writing and reading entries of 100 bytes of JSON in a folder on disk',
  cases: [
    {
      name: 'sink',
      about: `Writing ${ENTRIES} entries with shuffled keys, in ${BATCHES} parts. Cache writes each part as one synced batch with a checkpoint; level and lmdb write the same synced batches by hand. Python puts each entry by itself; it syncs nothing, or syncs after each part`,
      input: (arena) => ({ entries: arena.count(ENTRIES, ENTRIES) }),
      contestants: [
        { name: 'level', run: byHand.writeLevel },
        { name: 'lmdb', run: byHand.writeLmdb },
        { name: 'Cache', run: byCache.write('level') },
        { name: 'Cache over lmdb', run: byCache.write('lmdb') },
        { name: 'Python Cache', install, run: byPython('write') },
        {
          name: 'Python Cache, synced',
          settings: 'flush_wal(True) after each part',
          install,
          run: byPython('write', BATCHES),
        },
      ],
      ratios: [
        ...ratios(0.9, { bound: PAGES }),
        { of: 'Cache', to: 'Python Cache, synced', atLeast: 1 },
        { of: 'Cache over lmdb', to: 'Python Cache, synced', atLeast: 1, bound: PAGES },
      ],
    },
    {
      name: 'get-sync',
      about: `Synchronous reads of ${ENTRIES} entries with shuffled keys, each read twice. All contestants parse JSON, apart from Python, which unpickles`,
      input: (arena) => ({ entries: arena.count(ENTRIES, ENTRIES) }),
      contestants: [
        { name: 'level', run: byHand.readLevel },
        { name: 'lmdb', run: byHand.readLmdb },
        { name: 'Cache', run: byCache.read('level') },
        { name: 'Cache over lmdb', run: byCache.read('lmdb') },
        { name: 'Python Cache', install, run: byPython('read') },
      ],
      ratios: ratios(0.8),
    },
  ],
}
