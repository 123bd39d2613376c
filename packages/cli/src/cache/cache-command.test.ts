import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Cache } from '@snapstream/cache'
import { LmdbLevel } from '@snapstream/cache-lmdb'
import type { CacheKey } from '@snapstream/cache'
import { BytesCodec } from '@snapstream/core'
import { describe, expect, test } from 'vitest'
import { jsonLines, run, temporaryFolder } from '../fixtures/run.ts'
import { bytesText } from './format-stats.ts'

type Entries = readonly (readonly [CacheKey, unknown])[]

const TOTALS: Entries = [
  ['ada', { amount: 3, city: 'Graz' }],
  ['adam', { amount: 4, city: 'Rome' }],
  ['bob', { amount: 5, city: 'Graz' }],
]

async function cacheOf(entries: Entries): Promise<AsyncDisposable & { readonly cwd: string }> {
  const folder = await temporaryFolder()
  await using cache = Cache(join(folder.path, 'db'))
  await cache.open()
  for (const [key, value] of entries) await cache(key, value)
  return { cwd: folder.path, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

describe('the output', () => {
  test('has the format of the Python tool', async () => {
    await using folder = await cacheOf([
      ['ada', { amount: 3 }],
      [127942, '🏆\n'],
      [true, null],
    ])
    expect(await run(['cache', 'db'], folder)).toEqual({
      code: 0,
      stdout: `
>>> key: true
null

>>> key: 127942
🏆


>>> key: ada
{"amount":3}
`,
      stderr: '',
    })
  })

  test('--json embeds JSON values unchanged, and keeps the types of keys', async () => {
    await using folder = await cacheOf([
      [1, 1.5],
      ['1', 'one'],
      [new Uint8Array([255]), []],
    ])
    expect((await run(['cache', 'db', '--json'], folder)).stdout).toBe(
      '{"key":1,"value":1.5}\n{"key":"1","value":"one"}\n{"key":"/w==","keyEncoding":"base64","value":[]}\n',
    )
  })

  test('shows values of other codecs: text, bytes, numbers beyond JavaScript, and several lines', async () => {
    await using folder = await temporaryFolder()
    {
      await using cache = Cache<string, Uint8Array>(join(folder.path, 'db'), { codec: BytesCodec() })
      await cache.open()
      const values = { a: 'no json', b: '{"n":12345678901234567890,\r\n"s":"x"}' }
      for (const [key, text] of Object.entries(values)) await cache(key, new TextEncoder().encode(text))
      await cache('c', new Uint8Array([255, 1]))
    }
    const cwd = folder.path
    expect((await run(['cache', 'db', '--json'], { cwd })).stdout).toBe(
      '{"key":"a","value":"no json"}\n{"key":"b","value":{"n":12345678901234567890, "s":"x"}}\n' +
        '{"key":"c","value":"/wE=","valueEncoding":"base64"}\n',
    )
    expect((await run(['cache', 'db', '-k', 'c'], { cwd })).stdout).toBe('\n>>> key: c\n<2 bytes: ff 01>\n')
  })
})

describe('the choice of entries', () => {
  test.each([
    [[], ['ada', 'adam', 'bob']],
    [
      ['--prefix', 'ada'],
      ['ada', 'adam'],
    ],
    [
      ['--prefix', 'ada', '--reverse'],
      ['adam', 'ada'],
    ],
    [['-r', '-n', '1'], ['bob']],
    [
      ['-k', '^.{3}$'],
      ['ada', 'bob'],
    ],
    [['-v', 'Graz', '--limit', '1'], ['ada']],
    [['-v', 'Wien'], []],
  ])('%j', async (args, expected) => {
    await using folder = await cacheOf(TOTALS)
    const { code, stdout } = await run(['cache', 'db', '--json', ...args], folder)
    expect(jsonLines(stdout).map(({ key }) => key)).toEqual(expected)
    expect(code).toBe(0)
  })

  test('the entries of a sub-cache', async () => {
    await using folder = await cacheOf([['a', 1]])
    {
      await using cache = Cache(join(folder.cwd, 'db'))
      await cache.open()
      await cache.sub('totals')('b', 2)
    }
    expect((await run(['cache', 'db', '--json'], folder)).stdout).toBe('{"key":"a","value":1}\n')
    expect((await run(['cache', 'db', '--json', '--sub', 'totals'], folder)).stdout).toBe('{"key":"b","value":2}\n')
    expect(await run(['cache', 'db', '--sub', 'total'], folder)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the cache has no sub-cache "total": it has totals'),
    })
  })

  test('columns', async () => {
    await using folder = await cacheOf([...TOTALS, ['c', 7]])
    const { code, stdout, stderr } = await run(['cache', 'db', '--json', '-c', 'city'], folder)
    expect(jsonLines(stdout)[0]).toEqual({ key: 'ada', value: { city: 'Graz' } })
    expect(jsonLines(stdout)[3]).toEqual({ key: 'c', value: 7, error: 'it has no columns: expected an object, got 7' })
    expect(stderr).toContain('1 of 4 entries')
    expect(code).toBe(1)
  })
})

test('--count counts the chosen entries', async () => {
  await using folder = await cacheOf(TOTALS)
  expect((await run(['cache', 'db', '--count'], folder)).stdout).toBe('3\n')
  expect((await run(['cache', 'db', '--count', '-v', 'Graz', '--json'], folder)).stdout).toBe('{"count":2}\n')
  expect((await run(['cache', 'db', '--count', '--prefix', 'x'], folder)).stdout).toBe('0\n')
  expect(await run(['cache', 'db', '--stats', '--count'], folder)).toMatchObject({ code: 2 })
})

test('--stats shows the number of entries and bytes, of the whole cache or of a prefix', async () => {
  await using folder = await cacheOf(TOTALS)
  const all = await run(['cache', 'db', '--stats'], folder)
  expect(all).toMatchObject({ code: 0, stderr: '' })
  expect(all.stdout).toMatch(/^entries: 3\nstored: about \d+ bytes\non disk: .*\d bytes\)?\n$/)
  const some = await run(['cache', 'db', '--stats', '--json', '--prefix', 'ada'], folder)
  expect(jsonLines(some.stdout)).toEqual([
    { entries: 2, rangeBytes: expect.any(Number), diskBytes: expect.any(Number) },
  ])
  expect(await run(['cache', 'db', '--stats', '-n', '1'], folder)).toMatchObject({ code: 2 })
})

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1000, '1.0 kB (1000 bytes)'],
  [12_345_678, '12.3 MB (12345678 bytes)'],
])('%i bytes are shown as %s', (bytes, expected) => expect(bytesText(bytes)).toBe(expected))

test('a cache that a program has open is shown in its present state', async () => {
  await using folder = await cacheOf(TOTALS)
  await using cache = Cache(join(folder.cwd, 'db'))
  await cache.open()
  await cache('cora', 6)
  expect((await run(['cache', 'db', '--json', '-k', 'cora'], folder)).stdout).toBe('{"key":"cora","value":6}\n')
  await cache('cora', 7)
  expect(await cache.get('cora')).toBe(7)
})

describe('a cache of LMDB', () => {
  test('is read by its package', async () => {
    await using folder = await temporaryFolder()
    const cache = Cache<string, { amount: number }>(new LmdbLevel(join(folder.path, 'db')))
    await cache.open()
    await cache('ada', { amount: 3 })
    await cache.close()
    const { stdout } = await run(['cache', 'db', '--json', '-c', 'amount'], { cwd: folder.path })
    expect(stdout).toBe('{"key":"ada","value":{"amount":3}}\n')
  })

  test('is refused if it is damaged', async () => {
    await using folder = await temporaryFolder()
    await mkdir(join(folder.path, 'db'))
    await writeFile(join(folder.path, 'db', 'data.mdb'), '')
    const { code, stderr } = await run(['cache', 'db'], { cwd: folder.path })
    expect(stderr).toContain('its data.mdb is empty')
    expect(code).toBe(1)
  })
})

describe('a folder without a cache', () => {
  test('is not created by the command', async () => {
    await using folder = await temporaryFolder()
    expect(await run(['cache', 'db'], { cwd: folder.path })).toEqual({
      code: 1,
      stdout: '',
      stderr: 'snapstream: no cache at "db": the folder does not exist (CACHE_FAILED)\n',
    })
    expect(existsSync(join(folder.path, 'db'))).toBe(false)
    await mkdir(join(folder.path, 'db'))
    const { stderr } = await run(['cache', 'db'], { cwd: folder.path })
    expect(stderr).toContain('the folder is neither one of LevelDB nor one of LMDB')
  })
})
