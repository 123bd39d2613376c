import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { MemoryLevel } from 'memory-level'
import { describe, expect, test } from 'vitest'
import { checkpoint, collect, openSink } from '../fixtures/protocol.ts'
import { startWriter } from '../fixtures/start-writer.ts'
import { tempFolder } from '../fixtures/temp-folder.ts'
import { Cache } from '../index.ts'

interface Value {
  readonly round: number
}

describe('a read-only cache', () => {
  test('shows the entries that were durable when it was opened, while this process has the folder open', async () => {
    const folder = join(tempFolder(), 'cache')
    await using cache = Cache<string, number>(folder)
    await cache.open()
    await cache('a', 1)
    const copy = Cache<string, number>(folder, { readOnly: true })
    await copy.open()
    await cache('a', 2)
    expect([copy.getSync('a'), cache.getSync('a')]).toEqual([1, 2])
    expect((await copy.stats()).entries).toBe(1)
    await copy.close()
    await copy.open()
    expect(copy.getSync('a')).toBe(2)
    await copy.close()
    expect(readdirSync(dirname(folder))).toEqual(['cache'])
  })

  test('shows whole batches while another process writes as fast as it can', { timeout: 120_000 }, async () => {
    const folder = join(tempFolder(), 'cache')
    const keys = 50
    const writer = startWriter(folder, keys, 1000)
    await expect.poll(() => writer.acknowledged, { timeout: 90_000 }).toBeGreaterThan(1)
    for (let i = 0; i < 5; i++) {
      const { acknowledged } = writer
      await using copy = Cache<number, Value>(folder, { readOnly: true })
      await copy.open()
      const rounds = (await collect(copy.values())).map(({ round }) => round)
      expect(rounds).toHaveLength(keys)
      expect(new Set(rounds).size).toBe(1)
      expect(rounds[0]).toBeGreaterThanOrEqual(acknowledged)
    }
    expect(writer.failure).toBeUndefined()
    await writer.kill()
    expect(readdirSync(dirname(folder))).toEqual(['cache'])
  })

  test('links tables, so that they take no space', async () => {
    const folder = join(tempFolder(), 'cache')
    const cache = Cache<number, string>(folder)
    await cache.open()
    await cache(1, 'x'.repeat(10_000))
    await cache.compact()
    await cache.close()
    await using copy = Cache<number, string>(folder, { readOnly: true })
    await copy.open()
    const table = readdirSync(folder).find((name) => name.endsWith('.ldb'))
    expect(statSync(join(folder, table!)).nlink).toBe(2)
  })

  test('refuses every change', async () => {
    for (const location of [tempFolder(), new MemoryLevel()]) {
      const cache = Cache<string, number>(location)
      await cache.open()
      await cache('a', 1)
      await cache.close()
      const copy = Cache<string, number>(location, { readOnly: true })
      await copy.open()
      const refused = expect.objectContaining({
        code: 'UNSUPPORTED',
        message: expect.stringContaining('readOnly') as string,
      })
      const sink = await openSink(copy)
      expect(() => sink.write(['a', 2])).toThrow(refused)
      const writes = [
        () => copy('a', 2),
        () => copy.del('a'),
        () => copy.batch([]),
        () => copy.clear({ gt: 'z' }),
        () => copy.compact(),
        () => copy.destroy(),
        () => copy.sub('sub')('a', 1),
        () => copy.transaction('a', (transaction) => transaction.put('a', 1)),
      ]
      for (const write of writes) await expect(write()).rejects.toEqual(refused)
      await sink.flush(checkpoint)
      expect(copy.getSync('a')).toBe(1)
      await copy.close()
    }
  })

  test('creates nothing for a missing folder', async () => {
    const folder = join(tempFolder(), 'cache')
    await expect(Cache(folder, { readOnly: true }).open()).rejects.toMatchObject({
      code: 'CACHE_FAILED',
      message: expect.stringContaining(folder) as string,
    })
    mkdirSync(folder)
    await expect(Cache(folder, { readOnly: true }).open()).rejects.toMatchObject({ code: 'CACHE_FAILED' })
    writeFileSync(join(folder, '000005.ldb'), '')
    await expect(Cache(folder, { readOnly: true }).open()).rejects.toMatchObject({ code: 'CACHE_CORRUPT' })
    expect(readdirSync(dirname(folder))).toEqual(['cache'])
  })
})
