import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cacheConformance } from '@snapstream/cache/conformance'
import { test } from 'vitest'
import { LmdbLevel, MAX_KEY_BYTES } from './index.ts'

cacheConformance({
  test,
  name: 'lmdb',
  create: async () => new LmdbLevel(await mkdtemp(join(tmpdir(), 'snapstream-lmdb-'))),
  destroy: async (db) => {
    const { location } = db as LmdbLevel
    await (db as LmdbLevel).close()
    await rm(location, { recursive: true, force: true })
  },
  supports: { permanence: true, maxKeyBytes: MAX_KEY_BYTES, conditionalBatches: true },
})
