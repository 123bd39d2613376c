import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cache } from '@snapstream/cache'
import { createApp } from '@snapstream/core'
import type { Case, OwnContestant, Outcome } from '../../suite.ts'

interface Input {
  readonly keys: number
  readonly folder: string
}

interface Value {
  readonly id: number
  readonly text: string
}

const READS = 200_000
const text = 'x'.repeat(60)

function* entries(count: number): Generator<readonly [key: string, value: Value]> {
  for (let id = 0; id < count; id++) yield [keyOf(id, count), { id, text }]
}

/** Keys in no order, as in practice. The multiplier is coprime to every power of ten. */
const keyOf = (id: number, count: number) => `key-${(id * 7_919_003) % count}`

async function run({ keys, folder }: Input): Promise<Outcome> {
  const cache = Cache<string, Value>(folder)
  const app = createApp()
  app.snap(entries(keys), { sink: [cache] })((entry) => entry)
  const started = performance.now()
  await app.stream()
  const ms = performance.now() - started
  await using _ = cache
  await cache.open()
  const reads = Math.min(READS, keys)
  const readFrom = performance.now()
  for (let i = 0; i < reads; i++) {
    const id = (i * 104_729) % keys
    if (cache.getSync(keyOf(id, keys))?.id !== id)
      throw new Error(`the value of ${keyOf(id, keys)} is not what was written`)
  }
  const readsPerSecond = reads / ((performance.now() - readFrom) / 1000)
  return { messages: keys, ms, figures: { readsPerSecond, diskBytes: await sizeOf(folder) } }
}

async function sizeOf(folder: string): Promise<number> {
  const names = await readdir(folder)
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size))
  return sizes.reduce((total, size) => total + size, 0)
}

const contestant = (name: string, keys: number): OwnContestant => ({
  name: `Cache, ${name} keys`,
  input: ({ count }) => ({ keys: count(keys, keys) }),
  run,
})

export const caches: Case = {
  name: 'caches',
  about:
    'A stream fills a cache over LevelDB, with shuffled keys and values of about 80 bytes of JSON, synced at each checkpoint. Then getSync reads it',
  contestants: [
    contestant('100k', 100_000),
    contestant('1M', 1_000_000),
    { ...contestant('10M', 10_000_000), fullOnly: true },
  ],
  ratios: [],
  maxRounds: 3,
  columns: ['rate', 'readsPerSecond', 'diskBytes', 'cpuPerMillion', 'peakBytes'],
  async begin() {
    const folder = await mkdtemp(join(tmpdir(), 'snapstream-bench-'))
    return { input: { folder }, end: () => rm(folder, { recursive: true, force: true }) }
  },
}
