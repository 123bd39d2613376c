import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { collect } from '../fixtures/protocol.ts'
import { startWriter } from '../fixtures/start-writer.ts'
import { tempFolder } from '../fixtures/temp-folder.ts'
import { Cache } from '../index.ts'

/** How often the writer is killed; set it to 200 for the long form. */
const KILLS = Number(process.env['SNAPSTREAM_KILLS'] ?? 3)
const KEYS = 20
const SECOND = 1000

interface Value {
  readonly round: number
}

/** The checkpoint whose entries are there: all of them, in the cache and in its sub-cache. */
async function checkpointIn(folder: string): Promise<number> {
  await using cache = Cache<number, Value>(folder)
  await cache.open()
  const rounds = (await collect(cache.values())).map(({ round }) => round)
  const inSub = await collect(cache.sub<number, number>('sub').values())
  expect(inSub).toEqual(rounds)
  expect(new Set(rounds).size).toBeLessThanOrEqual(1)
  expect([0, KEYS]).toContain(rounds.length)
  return rounds[0] ?? 0
}

test(
  `${KILLS} times killed while it writes, a cache has every checkpoint that was acknowledged, and none in part`,
  { timeout: (60 + KILLS * 30) * SECOND },
  async () => {
    const folder = tempFolder()
    let kept = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const writer = startWriter(folder, KEYS, 2000)
      // Some checkpoints later; now and then as soon as it has opened the folder.
      const from = kept + (kill % 4 === 3 ? 0 : Math.floor(Math.random() * 30))
      await expect.poll(() => writer.acknowledged, { timeout: 60 * SECOND, interval: 1 }).toBeGreaterThanOrEqual(from)
      await setTimeout(Math.random() * 5)
      await writer.kill()
      const now = await checkpointIn(folder)
      expect(now).toBeGreaterThanOrEqual(Math.max(writer.acknowledged, kept))
      // One more at most: made, but not told yet.
      expect(now).toBeLessThanOrEqual(Math.max(writer.acknowledged, kept) + 1)
      kept = now
    }
    expect(kept).toBeGreaterThan(0)
  },
)
