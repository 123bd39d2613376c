import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Level } from 'level'
import { MemoryLevel } from 'memory-level'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openSink } from '../fixtures/protocol.ts'
import { tempFolder } from '../fixtures/temp-folder.ts'
import { Cache } from '../index.ts'

const text = () => randomBytes(1000).toString('hex')
const HOLD_LOCK = fileURLToPath(new URL('../fixtures/hold-lock.mjs', import.meta.url))

describe('stats and compact', () => {
  test('count the entries of a folder and free the disk of removed ones', { timeout: 60_000 }, async () => {
    await using cache = Cache<number, string>(tempFolder())
    await cache.open()
    const sub = cache.sub<number, string>('sub')
    await cache.batch(Array.from({ length: 500 }, (_, key) => ({ type: 'put', key, value: text() })))
    await sub(1, text())
    await cache.compact()
    const all = await cache.stats()
    expect(all.entries).toBe(500)
    expect(all.diskBytes).toBeGreaterThan(700_000)
    expect(all.rangeBytes).toBeGreaterThan(500_000)
    const half = await cache.stats({ lt: 250 })
    expect(half.entries).toBe(250)
    expect(half.rangeBytes! / all.rangeBytes!).toBeCloseTo(0.5, 1)
    expect((await sub.stats()).entries).toBe(1)
    const sink = await openSink(cache)
    await sink.write([-1, 'buffered'])
    expect((await cache.stats({ lt: 0 })).entries).toBe(1)

    await cache.clear()
    await cache.compact()
    const empty = await cache.stats()
    expect(empty).toMatchObject({ entries: 0, rangeBytes: 0 })
    expect(empty.diskBytes).toBeLessThan(all.diskBytes! / 2)
  })

  test('leave undefined the sizes that a backend cannot tell', async () => {
    await using cache = Cache<number, string>(new MemoryLevel())
    await cache.open()
    await cache(1, 'one')
    await cache.compact({ gt: 1 })
    expect(await cache.stats()).toEqual({ entries: 1, rangeBytes: undefined, diskBytes: undefined })
    await expect(cache.stats({ gtt: 1 } as object)).rejects.toMatchObject({ code: 'USAGE' })
  })
})

describe('destroy', () => {
  test('removes the files of a folder; a missing folder is no error', async () => {
    const folder = join(tempFolder(), 'cache')
    const cache = Cache<string, number>(folder)
    await cache.destroy()
    await cache.open()
    await cache('a', 1)
    await expect(cache.destroy()).rejects.toMatchObject({ code: 'CACHE_LOCKED' })
    await cache.close()
    await cache.destroy()
    expect(existsSync(folder)).toBe(false)
    await cache.open()
    expect(cache.getSync('a')).toBeUndefined()
    await cache.close()
  })

  test('refuses a folder that another process has open', async () => {
    const folder = tempFolder()
    const child = spawn(process.execPath, [HOLD_LOCK, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    const before = readdirSync(folder)
    await expect(Cache(folder).destroy()).rejects.toMatchObject({ code: 'CACHE_LOCKED' })
    expect(readdirSync(folder)).toEqual(before)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await Cache(folder).destroy()
  })

  test('empties a database that the user made, sub-caches included', async () => {
    for (const db of [new MemoryLevel(), new Level(tempFolder())]) {
      const cache = Cache<string, number>(db)
      await cache.open()
      const sub = cache.sub<string, number>('sub')
      await cache.batch([{ type: 'put', key: 'a', value: 1 }])
      await sub('a', 1)
      await expect(sub.destroy()).rejects.toMatchObject({ code: 'USAGE' })
      await cache.close()
      await cache.destroy()
      await cache.open()
      expect([cache.getSync('a'), await cache.subs()]).toEqual([undefined, []])
      await cache.close()
    }
  })
})
