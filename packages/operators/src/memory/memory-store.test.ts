import { operatorStoreConformance } from '@snapstream/core/testing'
import { test } from 'vitest'
import { createMemoryStore } from './memory-store.ts'

operatorStoreConformance({
  test,
  name: 'memory',
  create: () => ({ source: [], store: () => createMemoryStore<string, unknown>('window') }),
  supports: { restart: false },
})
