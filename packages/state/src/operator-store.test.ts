import { operatorStoreConformance } from '@snapstream/core/testing'
import { MemoryLevel } from 'memory-level'
import { test } from 'vitest'
import { createFakeSource } from './fixtures/fake-source.ts'
import { createLogBroker } from './fixtures/log-broker.ts'
import { tempFolder } from './fixtures/temp-folder.ts'
import { Store, type StoreOptions } from './index.ts'

/** A store whose next process has its folder, or a new one that is restored from the changelog. */
function placeOf(exactlyOnce: boolean, options: () => StoreOptions<unknown>) {
  const broker = createLogBroker()
  const source = createFakeSource({ broker, partitions: 6, exactlyOnce, perBatch: 1000 })
  return {
    source,
    store: () => Store<string>('counts', options()),
    ...(exactlyOnce && { prepare: source.prepare, commit: source.commit, abort: source.abort }),
  }
}

for (const exactlyOnce of [true, false]) {
  const name = exactlyOnce ? 'exactly once' : 'at least once'
  const supports = { abort: exactlyOnce }
  operatorStoreConformance({
    test,
    name: `${name}, in a folder`,
    supports,
    create() {
      const folder = tempFolder()
      return placeOf(exactlyOnce, () => ({ folder }))
    },
  })
  operatorStoreConformance({
    test,
    name: `${name}, restored`,
    supports,
    create: () => placeOf(exactlyOnce, () => ({ folder: new MemoryLevel() })),
  })
  operatorStoreConformance({
    test,
    name: `${name}, restored with a bound`,
    supports,
    create: () => placeOf(exactlyOnce, () => ({ folder: new MemoryLevel(), maxEntries: 100, ttlMs: 3_600_000 })),
  })
}
