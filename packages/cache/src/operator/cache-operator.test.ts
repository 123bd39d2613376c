import { operatorStoreConformance } from '@snapstream/core/testing'
import { MemoryLevel } from 'memory-level'
import { test } from 'vitest'
import { tempFolder } from '../fixtures/temp-folder.ts'
import { Cache } from '../index.ts'

for (const exactlyOnce of [true, false]) {
  const name = `a cache, ${exactlyOnce ? 'exactly once' : 'at least once'}`
  const supports = { partitioned: false, abort: !exactlyOnce }
  operatorStoreConformance({
    test,
    name,
    supports,
    create() {
      const folder = tempFolder()
      return { source: [], store: () => Cache<string>(folder, { exactlyOnce }) }
    },
  })
  operatorStoreConformance({
    test,
    name: `${name}, a bounded sub-cache in memory`,
    supports: { ...supports, restart: false },
    create: () => ({
      source: [],
      store: () => Cache(new MemoryLevel(), { exactlyOnce }).sub<string>('sub', { maxEntries: 100, ttlMs: 3_600_000 }),
    }),
  })
}
