import { Buffer } from 'node:buffer'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { open } from 'lmdb'
import { MemoryLevel } from 'memory-level'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { tempFolder, tempFolderInMemory } from './fixtures/temp-folder.ts'
import { LmdbLevel, MAX_KEY_BYTES } from './index.ts'
import { KEY_ENCODER } from './encoding.ts'

const BYTES = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const

async function openLevel(folder = tempFolder()): Promise<LmdbLevel> {
  const db = new LmdbLevel(folder)
  onTestFinished(() => db.close())
  await db.open()
  return db
}

// Short keys of few letters meet; long ones reach the limit, and bounds go beyond it.
const letters = fc.uint8Array({ max: 2, maxLength: 3 })
const long = fc
  .tuple(fc.integer({ min: MAX_KEY_BYTES - 1, max: MAX_KEY_BYTES + 2 }), letters)
  .map(([length, tail]) => Uint8Array.from([...new Uint8Array(length - tail.length), ...tail]))
const bytes = fc.oneof({ weight: 4, arbitrary: letters }, { weight: 1, arbitrary: long }).map((key) => Buffer.from(key))
const stored = bytes.filter((key) => key.length <= MAX_KEY_BYTES)
const range = fc.record(
  { gt: bytes, gte: bytes, lt: bytes, lte: bytes, reverse: fc.boolean(), limit: fc.integer({ min: -1, max: 4 }) },
  { requiredKeys: [] },
)

const tooLongKey = Buffer.alloc(MAX_KEY_BYTES + 1)

describe('beside memory-level, with random keys and ranges', () => {
  test('reads, seeks and clears the same', { timeout: 120_000 }, async () => {
    const lmdb = await openLevel(tempFolderInMemory())
    await fc.assert(
      fc.asyncProperty(
        fc.array(stored, { maxLength: 8 }),
        range,
        bytes,
        range,
        async (keys, range, target, cleared) => {
          const memory = new MemoryLevel()
          await lmdb.clear()
          const puts = keys.map((key, i) => ({ type: 'put' as const, key, value: Buffer.from([i]) }))
          await lmdb.batch(puts, BYTES)
          await memory.batch(puts, BYTES)
          const read = async (any: LmdbLevel | MemoryLevel) => {
            const db = any as LmdbLevel

            const all = await db.iterator<Buffer, Buffer>({ ...range, ...BYTES }).all()
            const sought = db.keys<Buffer>({ ...range, keyEncoding: 'buffer' })
            sought.seek(target, { keyEncoding: 'buffer' })
            const rest = await sought.all()
            const found = await db.get<Buffer, Buffer>(target, BYTES)
            await db.clear({ ...cleared, keyEncoding: 'buffer' })
            return { all, rest, found, left: await db.keys<Buffer>({ keyEncoding: 'buffer' }).all() }
          }
          expect(await read(lmdb)).toEqual(await read(memory))
        },
      ),
      {
        numRuns: 100,
        // A target that LMDB cannot take, and the bound that it is equal to.
        examples: [[[Buffer.of(1)], { gte: tooLongKey }, tooLongKey, {}]],
      },
    )
  })
})

describe('keys that LMDB cannot hold', () => {
  const tooLong = 'k'.repeat(MAX_KEY_BYTES + 1)
  const refused = {
    code: 'LEVEL_INVALID_KEY',
    message: expect.stringContaining('1977 bytes, got one of 1978') as string,
  }

  test('are refused before anything of the batch is written, and the database closes', async () => {
    const folder = tempFolder()
    const db = await openLevel(folder)
    await expect(db.put(tooLong, '1')).rejects.toMatchObject(refused)
    const batch = [{ type: 'put', key: 'a', value: '1' } as const, { type: 'put', key: tooLong, value: '2' } as const]
    await expect(db.batch(batch)).rejects.toMatchObject(refused)
    expect(await db.get('a')).toBeUndefined()
    await db.close()
    await db.open()
    expect(await db.keys().all()).toEqual([])
  })

  test('do not exist: reading and deleting them is no error', async () => {
    const db = await openLevel()
    await db.put('a', '1')
    expect(await db.get(tooLong)).toBeUndefined()
    expect(db.getSync(tooLong)).toBeUndefined()
    expect(await db.has(tooLong)).toBe(false)
    await db.del(tooLong)
    await db.batch([{ type: 'del', key: tooLong }])
    expect(await db.keys().all()).toEqual(['a'])
  })

  test('are measured in bytes, not in characters', async () => {
    const db = await openLevel()
    const longest = 'ä'.repeat((MAX_KEY_BYTES - 1) / 2)
    await db.put(longest, '1')
    expect(db.getSync(longest)).toBe('1')
    await expect(db.put(`${longest}ä`, '1')).rejects.toMatchObject({ code: 'LEVEL_INVALID_KEY' })
  })
})

describe('values', () => {
  test('are read as they were written, of any size', async () => {
    const db = await openLevel()
    const texts = ['', '\0', '\uFEFFa', 'zwei \uFFFD 🏆', 'x'.repeat(40_000), 'ü'.repeat(3_000_000)]
    for (const [i, text] of texts.entries()) await db.put(String(i), text)
    for (const [i, text] of texts.entries()) {
      expect(db.getSync(String(i)) === text, `text ${i}`).toBe(true)
      const read = db.getSync<string, Buffer>(String(i), { valueEncoding: 'buffer' })!
      expect(read.equals(Buffer.from(text)), `bytes of ${i}`).toBe(true)
    }
    const all = await db.values().all()
    expect(all.every((text, i) => text === texts[i])).toBe(true)
  })

  test('are copied when they are written and when they are read', async () => {
    const db = await openLevel()
    const value = Buffer.alloc(100, 1)
    const written = db.put('a', value, { valueEncoding: 'buffer' })
    value.fill(2)
    await written
    const read = db.getSync<string, Buffer>('a', { valueEncoding: 'buffer' })!
    expect(read[99]).toBe(1)
    read.fill(3)
    expect(db.getSync<string, Buffer>('a', { valueEncoding: 'buffer' })![0]).toBe(1)
  })
})

describe('the folder', () => {
  test('is created with its parents, and has data.mdb and lock.mdb', async () => {
    const folder = join(tempFolder(), 'made', 'for this')
    const db = await openLevel(folder)
    expect(db.location).toBe(folder)
    expect([existsSync(join(folder, 'data.mdb')), existsSync(join(folder, 'lock.mdb'))]).toEqual([true, true])
  })

  test('is required', () => {
    expect(() => new LmdbLevel('')).toThrow('LmdbLevel takes a folder')
  })

  test('can be opened twice in a process: each object sees the writes of the other', async () => {
    const folder = tempFolder()
    const [one, other] = [await openLevel(folder), await openLevel(folder)]
    await one.put('a', '1')
    // It goes on with the moment that it has read last until the event loop has turned.
    await vi.waitFor(async () => expect(await other.get('a')).toBe('1'))
    await one.close()
    await other.put('b', '2')
    expect(await other.keys().all()).toEqual(['a', 'b'])
  })
})

describe('snapshots', () => {
  test('show the moment of their creation, also to clear', async () => {
    const db = await openLevel()
    await db.put('a', 'old')
    await db.put('b', 'old')
    const snapshot = db.snapshot()
    await db.put('a', 'new')
    await db.del('b')
    await db.put('c', 'new')
    expect(await db.iterator({ snapshot }).all()).toEqual([
      ['a', 'old'],
      ['b', 'old'],
    ])
    expect(db.getSync('b', { snapshot })).toBe('old')
    expect(await db.has('c', { snapshot })).toBe(false)
    await db.clear({ snapshot })
    await snapshot.close()
    expect(await db.keys().all()).toEqual(['c'])
  })
})

test('opens a database with another page size', async () => {
  const folder = tempFolder()
  const options = {
    path: folder,
    noSubdir: false,
    encoding: 'binary',
    pageSize: 4096,
    keyEncoder: KEY_ENCODER,
  } as const
  const older = open<Buffer, string>(options)
  await older.put('a', Buffer.from('1'))
  await older.close()

  const db = await openLevel(folder)
  const key = 'k'.repeat(MAX_KEY_BYTES)
  await db.put(key, '2')
  expect(await db.getMany(['a', key])).toEqual(['1', '2'])
})
