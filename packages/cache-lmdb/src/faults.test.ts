import { chmodSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Cache } from '@snapstream/cache'
import { describe, expect, test } from 'vitest'
import { nextLine, runProgram } from './fixtures/run-program.ts'
import { tempFolder } from './fixtures/temp-folder.ts'
import { LmdbLevel } from './index.ts'

const withText = (text: string) => expect.stringContaining(text) as string
const notOpen = (code: string, ...texts: string[]) => ({
  code: 'LEVEL_DATABASE_NOT_OPEN',
  cause: { code, message: expect.stringMatching(new RegExp(texts.join('.*'))) as string },
})

async function filled(): Promise<string> {
  const folder = tempFolder()
  const db = new LmdbLevel(folder)
  await db.batch(Array.from({ length: 2000 }, (_, i) => ({ type: 'put', key: String(i), value: 'x'.repeat(500) })))
  await db.close()
  return folder
}

describe('a folder that cannot be opened', () => {
  test('is a file', async () => {
    const file = join(tempFolder(), 'file')
    writeFileSync(file, '')
    await expect(new LmdbLevel(file).open()).rejects.toMatchObject(notOpen('LEVEL_IO_ERROR', file, 'opening failed'))
    await expect(Cache(new LmdbLevel(file)).open()).rejects.toMatchObject({
      code: 'CACHE_FAILED',
      message: withText(file),
    })
  })

  test('is not accessible', { timeout: 120_000 }, async () => {
    const folder = await filled()
    chmodSync(folder, 0)
    const program = runProgram('open-without-rights.ts', [folder])
    expect(JSON.parse(await nextLine(program))).toMatchObject(notOpen('LEVEL_IO_ERROR', folder, 'ermission denied'))
    await program.exited
    chmodSync(folder, 0o700)
  })

  test('has a file that is not one of LMDB', async () => {
    const folder = await filled()
    writeFileSync(join(folder, 'data.mdb'), Buffer.alloc(100_000, 'no database '))
    await expect(new LmdbLevel(folder).open()).rejects.toMatchObject(notOpen('LEVEL_CORRUPTION', folder, 'damaged'))
    await expect(Cache(new LmdbLevel(folder)).open()).rejects.toMatchObject({
      code: 'CACHE_CORRUPT',
      message: withText(folder),
    })
  })

  test('has a truncated file, and opens once it is whole again', async () => {
    const folder = await filled()
    const file = join(folder, 'data.mdb')
    const whole = readFileSync(file)
    truncateSync(file, 100_000)
    const db = new LmdbLevel(folder)
    await expect(db.open()).rejects.toMatchObject(notOpen('LEVEL_CORRUPTION', folder, 'damaged'))
    writeFileSync(file, whole)
    await db.open()
    expect((await db.keys().all()).length).toBe(2000)
    await db.close()
  })

  test('is not created against its options', async () => {
    const missing = join(tempFolder(), 'missing')
    for (const option of ['readOnly', 'createIfMissing']) {
      const options = { [option]: option === 'readOnly' }
      await expect(new LmdbLevel(missing, options).open()).rejects.toMatchObject(
        notOpen('LEVEL_IO_ERROR', missing, 'does not exist', option),
      )
    }
    expect(existsSync(missing)).toBe(false)
  })
})

describe('a disk that is full', () => {
  test('fails the write with the reason, and keeps acknowledged entries', { timeout: 120_000 }, async () => {
    const folder = tempFolder()
    // A limit on the size of files is for LMDB what a full disk is: a write that fails.
    const program = runProgram('fill-disk.ts', [folder], 'ulimit -f 4000')
    const result = JSON.parse(await nextLine(program)) as Record<string, unknown>
    await program.exited
    expect(result).toMatchObject({ code: 'LEVEL_IO_ERROR', message: withText(folder) })
    expect(result['acknowledged']).toBeGreaterThan(5)
    expect([result['before'], result['after']]).toEqual([result['acknowledged'], result['acknowledged']])
  })
})
