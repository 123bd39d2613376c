import { chmodSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { collect } from '../fixtures/protocol.ts'
import { startWriter } from '../fixtures/start-writer.ts'
import { tempFolder } from '../fixtures/temp-folder.ts'
import { Cache } from '../index.ts'

interface Value {
  readonly round: number
}

/** A folder with one table of a thousand entries, and one entry in the log. */
async function fill(): Promise<string> {
  const folder = tempFolder()
  const cache = Cache<number, string>(folder)
  await cache.open()
  const text = 'some text that is long enough to fill several blocks of a table'
  await cache.batch(Array.from({ length: 1000 }, (_, key) => ({ type: 'put', key, value: `${text} ${key}` })))
  await cache.compact()
  await cache(1000, 'in the log')
  await cache.close()
  return folder
}

const fileOf = (folder: string, name: RegExp) =>
  join(
    folder,
    readdirSync(folder).find((file) => name.test(file))!,
  )
const damaged = (folder: string) =>
  expect.objectContaining({
    code: 'CACHE_CORRUPT',
    message: expect.stringMatching(new RegExp(`"${folder}" is damaged: .*restore the folder`)) as string,
  })

describe('a folder whose files are damaged', () => {
  test.each([
    ['CURRENT is missing', (folder: string) => rmSync(join(folder, 'CURRENT'))],
    ['CURRENT is empty', (folder: string) => truncateSync(join(folder, 'CURRENT'))],
    ['CURRENT names nothing', (folder: string) => writeFileSync(join(folder, 'CURRENT'), 'MANIFEST-999999\n')],
    ['MANIFEST is garbled', (folder: string) => writeFileSync(fileOf(folder, /^MANIFEST/), 'garbled'.repeat(20))],
    ['MANIFEST is empty', (folder: string) => truncateSync(fileOf(folder, /^MANIFEST/))],
    ['a table is missing', (folder: string) => rmSync(fileOf(folder, /ldb$/))],
  ])('is refused, and nothing in it is changed: %s', async (_, damage) => {
    const folder = await fill()
    damage(folder)
    const tables = readdirSync(folder).filter((name) => name.endsWith('.ldb'))
    await expect(Cache(folder).open()).rejects.toEqual(damaged(folder))
    await expect(Cache(folder, { readOnly: true }).open()).rejects.toMatchObject({ code: 'CACHE_CORRUPT' })
    expect(readdirSync(folder).filter((name) => name.endsWith('.ldb'))).toEqual(tables)
  })

  test.each([
    ['is cut off', (table: string) => truncateSync(table, Math.floor(statSync(table).size / 2))],
    ['is empty', (table: string) => truncateSync(table)],
    ['is garbled', (table: string) => writeFileSync(table, readFileSync(table).fill(0x55, statSync(table).size - 200))],
  ])('says so when it is read: a table %s', async (_, damage) => {
    const folder = await fill()
    damage(fileOf(folder, /ldb$/))
    await using cache = Cache<number, string>(folder)
    await cache.open()
    const error = damaged(folder)
    await expect(cache.get(1)).rejects.toEqual(error)
    expect(() => cache.getSync(1)).toThrow(error)
    await expect(cache.getMany([1, 2])).rejects.toEqual(error)
    await expect(collect(cache.entries())).rejects.toEqual(error)
  })

  test('opens although a crash interrupted the creation of its database', async () => {
    const folder = tempFolder()
    writeFileSync(join(folder, 'MANIFEST-000001'), '')
    await using cache = Cache<number, number>(folder)
    await cache.open()
    await cache(1, 1)
    expect(cache.getSync(1)).toBe(1)
  })
})

/** Runs without the rights that root has over all files. */
async function asNobody(run: () => Promise<void>): Promise<void> {
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid!(65_534)
  try {
    await run()
  } finally {
    if (isRoot) process.seteuid!(0)
  }
}

describe('a folder that cannot be written', () => {
  test('fails with an error that names it, and a copy can be read', async () => {
    const outer = tempFolder()
    const folder = join(outer, 'cache')
    const cache = Cache<number, number>(folder)
    await cache.open()
    await cache(1, 1)
    await cache.close()
    chmodSync(outer, 0o755)
    chmodSync(folder, 0o555)
    onTestFinished(() => chmodSync(folder, 0o755))
    await asNobody(async () => {
      await expect(Cache(folder).open()).rejects.toMatchObject({
        code: 'CACHE_FAILED',
        message: expect.stringMatching(/"[^"]*cache": opening failed: .*ermission denied/) as string,
      })
    })
    for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o444)
    await asNobody(async () => {
      const copy = Cache<number, number>(folder, { readOnly: true })
      await copy.open()
      expect(copy.getSync(1)).toBe(1)
      await copy.close()
    })
    await cache.open()
    expect(cache.getSync(1)).toBe(1)
    await cache.close()
  })

  test('fails with an error that names it if it cannot be created', async () => {
    const outer = tempFolder()
    chmodSync(outer, 0o755)
    mkdirSync(join(outer, 'locked'), { mode: 0o555 })
    writeFileSync(join(outer, 'file'), '')
    await asNobody(async () => {
      await expect(Cache(join(outer, 'locked', 'cache')).open()).rejects.toMatchObject({
        code: 'CACHE_FAILED',
        cause: { code: 'EACCES' },
        message: expect.stringContaining(join(outer, 'locked', 'cache')) as string,
      })
    })
    await expect(Cache(join(outer, 'file', 'cache')).open()).rejects.toMatchObject({
      code: 'CACHE_FAILED',
      cause: { code: 'ENOTDIR' },
    })
  })
})

test(
  'a file that may not grow any more ends what writes, and what was acknowledged is kept',
  { timeout: 120_000 },
  async () => {
    const folder = tempFolder()
    const writer = startWriter(folder, 50, 1000, 400)
    await writer.ended
    expect(writer.failure).toMatch(/^CACHE_FAILED: the cache ".*": writing a batch of 100 entries failed: .*too large/i)
    expect(writer.acknowledged).toBeGreaterThan(0)
    await using cache = Cache<number, Value>(folder)
    await cache.open()
    const rounds = (await collect(cache.values())).map(({ round }) => round)
    expect(rounds).toHaveLength(50)
    expect(new Set(rounds).size).toBe(1)
    expect(rounds[0]).toBeGreaterThanOrEqual(writer.acknowledged)
  },
)
