import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { MemoryLevel } from 'memory-level'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { tempFolder } from '../fixtures/temp-folder.ts'

/** The package as it is where `level` is not installed. */
async function withoutLevel() {
  vi.resetModules()
  vi.doMock('level', () => {
    throw new Error("Cannot find package 'level'")
  })
  onTestFinished(() => {
    vi.doUnmock('level')
    vi.resetModules()
  })
  return import('../index.ts')
}

describe('without the package level', () => {
  test('opening and destroying a folder name the package and the command, and create nothing', async () => {
    const { Cache } = await withoutLevel()
    const folder = join(tempFolder(), 'cache')
    const error = expect.objectContaining({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/the cache ".*" .* needs the package level, .*: npm install level;/) as string,
    })
    await expect(Cache(folder).open()).rejects.toEqual(error)
    await expect(Cache(folder, { readOnly: true }).open()).rejects.toEqual(error)
    await expect(Cache(folder).destroy()).rejects.toEqual(error)
    expect(existsSync(folder)).toBe(false)
  })

  test('a cache over another database works', async () => {
    const { Cache } = await withoutLevel()
    await using cache = Cache<string, number>(new MemoryLevel())
    await cache.open()
    await cache('a', 1)
    expect(cache.getSync('a')).toBe(1)
  })
})
