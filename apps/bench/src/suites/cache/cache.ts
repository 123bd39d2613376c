import { pythonCodecsCommand } from '../../../../../tools/services/other-clients.mjs'
import type { Case, Suite } from '../../suite.ts'
import * as byCache from './by-cache.ts'
import * as byHand from './by-hand.ts'
import { byPython } from './by-python.ts'
import { BATCH, ENTRIES, READS } from './load.ts'

const ratios = (atLeast: number): Case['ratios'] => [
  { of: 'Cache', to: 'level', atLeast },
  { of: 'Cache over lmdb', to: 'lmdb' },
  { of: 'Cache over lmdb', to: 'Cache', atLeast: 1 },
  { of: 'Cache', to: 'Python Cache', atLeast: 1 },
  { of: 'Cache over lmdb', to: 'Python Cache', atLeast: 1 },
]

export const cache: Suite = {
  name: 'cache',
  about: `writing and reading ${ENTRIES} entries of 100 bytes of JSON, in a folder on disk`,
  async prepare() {
    // Installed once, before anything is measured.
    await pythonCodecsCommand('')
    return { input: '', close: () => Promise.resolve() }
  },
  cases: [
    {
      name: 'sink',
      about: `${BATCH} entries a checkpoint, in no order of keys, into one synced batch; by hand the same batches, synced too; Python puts entry by entry, and syncs none`,
      contestants: [
        { name: 'level', run: byHand.writeLevel },
        { name: 'lmdb', run: byHand.writeLmdb },
        { name: 'Cache', run: byCache.write('level') },
        { name: 'Cache over lmdb', run: byCache.write('lmdb') },
        { name: 'Python Cache', run: byPython('write') },
      ],
      ratios: ratios(0.9),
    },
    {
      name: 'get-sync',
      about: `${READS} synchronous reads in no order of keys, parsed from JSON; by hand too; Python reads what it pickled`,
      contestants: [
        { name: 'level', run: byHand.readLevel },
        { name: 'lmdb', run: byHand.readLmdb },
        { name: 'Cache', run: byCache.read('level') },
        { name: 'Cache over lmdb', run: byCache.read('lmdb') },
        { name: 'Python Cache', run: byPython('read') },
      ],
      ratios: ratios(0.8),
    },
  ],
}
