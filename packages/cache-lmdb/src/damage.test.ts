import { cpSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Cache } from '@snapstream/cache'
import { describe, expect, test } from 'vitest'
import { damageOf } from './data-file.ts'
import { nextLine, runProgram } from './fixtures/run-program.ts'
import { tempFolder, tempFolderInMemory } from './fixtures/temp-folder.ts'
import { LmdbLevel } from './index.ts'

/** Numbers that look random and are the same each time. */
function numbers(seed: number) {
  let state = seed
  return (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return Math.floor((state / 2 ** 31) * below)
  }
}

/** A database after a number of batches in which entries of all sizes come and go, also within one batch. */
async function filled(seed: number): Promise<{ folder: string; entries: number }> {
  const folder = tempFolderInMemory()
  const db = new LmdbLevel(folder)
  const random = numbers(seed)
  for (let batch = 0; batch < 25; batch++) {
    const size = random(3) === 0 ? 600 : 20
    const operations = Array.from({ length: size }, () => {
      const key = `key ${random(2000)}`
      return random(9) < 5
        ? { type: 'put' as const, key, value: 'x'.repeat(random(5) === 0 ? random(50_000) : random(300)) }
        : { type: 'del' as const, key }
    })
    await db.batch(operations)
  }
  const passing = Array.from({ length: 20 }, (_, i) => `comes and goes ${i}`)
  await db.batch(
    passing.flatMap((key) => [
      { type: 'put', key, value: 'y'.repeat(50_000) },
      { type: 'del', key },
    ]),
  )
  const entries = (await db.keys().all()).length
  await db.close()
  return { folder, entries }
}

describe('a data.mdb', () => {
  test('of LMDB is accepted, also if its last pages were never written', async () => {
    let shorter = 0
    for (let seed = 1; seed <= 12; seed++) {
      const { folder, entries } = await filled(seed)
      const file = join(folder, 'data.mdb')
      expect(await damageOf(file, false), `seed ${seed}`).toBe(undefined)
      const bytes = readFileSync(file)
      const newest = bytes.readBigUInt64LE(152) > bytes.readBigUInt64LE(8192 + 152) ? 0 : 8192
      if (bytes.length < (Number(bytes.readBigUInt64LE(newest + 144)) + 1) * 8192) shorter++
      const db = new LmdbLevel(folder)
      expect((await db.iterator().all()).length).toBe(entries)
      await db.close()
    }
    // Otherwise this shows nothing.
    expect(shorter).toBeGreaterThan(0)
  })

  test('that is truncated anywhere is refused, unless only free pages are missing', { timeout: 120_000 }, async () => {
    const folders: string[] = []
    const expected: string[] = []
    for (let seed = 1; seed <= 6; seed++) {
      const { folder, entries } = await filled(seed)
      const { size } = statSync(join(folder, 'data.mdb'))
      const random = numbers(seed)
      const cuts = [
        1,
        200,
        8192,
        16_384,
        size / 2,
        size - 8192,
        size - 1,
        ...Array.from({ length: 15 }, () => random(size)),
      ]
      for (const [i, bytes] of cuts.entries()) {
        const copy = join(folder, `cut ${i}`)
        mkdirSync(copy)
        cpSync(join(folder, 'data.mdb'), join(copy, 'data.mdb'))
        truncateSync(join(copy, 'data.mdb'), Math.floor(bytes))
        folders.push(copy)
        const isSound = (await damageOf(join(copy, 'data.mdb'), false)) === undefined
        expected.push(isSound ? String(entries) : 'LEVEL_CORRUPTION')
      }
    }
    // In a process of its own, as a wrong answer would end it.
    const program = runProgram('read-all.ts', folders)
    const found: string[] = []
    while (found.length < folders.length) found.push(await nextLine(program))
    expect(found).toEqual(expected)
    const refused = found.filter((outcome) => outcome === 'LEVEL_CORRUPTION').length
    expect(refused).toBeGreaterThan(100)
    expect(refused).toBeLessThan(found.length)
  })

  test('that is missing or empty is refused in a folder that had data, and accepted in a new folder', async () => {
    for (const [damage, harm] of [
      ['is gone', (file: string) => rmSync(file)],
      ['is empty', (file: string) => writeFileSync(file, '')],
    ] as const) {
      const folder = tempFolder()
      const cache = Cache<string, number>(new LmdbLevel(folder))
      await cache.open()
      await cache('a', 1)
      await cache.close()
      const file = join(folder, 'data.mdb')
      const whole = readFileSync(file)
      harm(file)
      for (const readOnly of [false, true])
        await expect(Cache(new LmdbLevel(folder, { readOnly }), { readOnly }).open()).rejects.toMatchObject({
          code: readOnly && damage === 'is gone' ? 'CACHE_FAILED' : 'CACHE_CORRUPT',
          message: expect.stringContaining(readOnly && damage === 'is gone' ? 'does not exist' : damage) as string,
        })
      writeFileSync(file, whole)
      await cache.open()
      expect(cache.getSync('a')).toBe(1)
      await cache.close()
    }
  })

  test('whose creation was interrupted is created again', async () => {
    for (const files of [['lock.mdb'], ['lock.mdb', 'data.mdb']]) {
      const folder = tempFolder()
      for (const file of files) writeFileSync(join(folder, file), '')
      const db = new LmdbLevel(folder)
      await db.put('a', '1')
      await db.close()
      await db.open()
      expect(await db.get('a')).toBe('1')
      await db.close()
    }
  })
})
