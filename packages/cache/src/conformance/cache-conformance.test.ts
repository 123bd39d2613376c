import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Level } from 'level'
import { MemoryLevel } from 'memory-level'
import { test } from 'vitest'
import { cacheConformance } from './index.ts'

const folder = () => mkdtemp(join(tmpdir(), 'snapstream-cache-'))
const removeFolder = (path: string) => rm(path, { recursive: true, force: true })

cacheConformance({ test, name: 'level', create: folder, destroy: (path) => removeFolder(path as string) })
cacheConformance({
  test,
  name: 'a Level instance',
  supports: { permanence: true },
  create: async () => new Level(await folder()),
  destroy: async (db) => {
    await (db as Level).close()
    await removeFolder((db as Level).location)
  },
})
cacheConformance({
  test,
  name: 'memory-level',
  create: () => new MemoryLevel(),
  supports: { permanence: false },
})
cacheConformance({ test, name: 'memory-level of text', create: () => new MemoryLevel({ storeEncoding: 'view' }) })
cacheConformance({
  test,
  name: 'a sublevel',
  create: () => new MemoryLevel().sublevel('part', { keyEncoding: 'buffer' }),
})
cacheConformance({
  test,
  name: 'no getSync',
  create: () => {
    const db = new MemoryLevel()
    Object.assign(db.supports, { getSync: false, has: false })
    return db
  },
  supports: { getSync: false },
})
cacheConformance({
  test,
  name: 'no snapshots',
  create: () => {
    const db = new MemoryLevel()
    Object.assign(db.supports, { explicitSnapshots: false })
    return db
  },
  supports: { snapshots: false },
})
cacheConformance({
  test,
  name: 'keys of 100 bytes at most',
  create: () => Object.assign(new MemoryLevel(), { maxKeyBytes: 100 }),
  supports: { maxKeyBytes: 100 },
})
