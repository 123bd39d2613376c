import { Cache } from '@snapstream/cache'
import { expect, onTestFinished, test, vi } from 'vitest'
import { nextLine, runProgram } from './fixtures/run-program.ts'
import { tempFolder } from './fixtures/temp-folder.ts'
import { LmdbLevel } from './index.ts'

const COUNT = 50

test(
  'two processes write to one folder by turns: nothing is lost, and each sees the other',
  { timeout: 120_000 },
  async () => {
    const folder = tempFolder()
    const db = new LmdbLevel(folder)
    onTestFinished(() => db.close())
    await db.put('first', '1')
    const program = runProgram('write-beside.ts', [folder, 'theirs', String(COUNT)])
    expect(await nextLine(program)).toBe('open')
    program.child.stdin!.write('go\n')
    for (let i = 0; i < COUNT; i++) await db.put(`ours${i}`, 'ours'.repeat(1000))
    expect(await nextLine(program)).toBe('done')
    await program.exited
    const keys = await db.keys().all()
    expect(keys.filter((key) => key.startsWith('ours')).length).toBe(COUNT)
    expect(keys.filter((key) => key.startsWith('theirs')).length).toBe(COUNT)
  },
)

test('readOnly reads a folder that another process has open, and writes nothing', { timeout: 120_000 }, async () => {
  const folder = tempFolder()
  const program = runProgram('write-beside.ts', [folder, 'a', '3'])
  expect(await nextLine(program)).toBe('open')
  const db = new LmdbLevel(folder, { readOnly: true })
  onTestFinished(() => db.close())
  expect(await db.keys().all()).toEqual([])
  program.child.stdin!.write('go\n')
  await vi.waitFor(async () => expect(await db.keys().all()).toEqual(['a0', 'a1', 'a2']), { timeout: 30_000 })
  expect(await nextLine(program)).toBe('done')
  const refused = { code: 'LEVEL_NOT_SUPPORTED' }
  await expect(db.put('b', '1')).rejects.toMatchObject(refused)
  await expect(db.del('a0')).rejects.toMatchObject(refused)
  await expect(db.batch([{ type: 'put', key: 'b', value: '1' }])).rejects.toMatchObject(refused)
  await expect(db.clear()).rejects.toMatchObject(refused)
  expect(db.getSync('a2')).toBe('a'.repeat(1000))
})

test('a process has one Cache over a folder, by whichever object', async () => {
  const folder = tempFolder()
  const first = Cache(new LmdbLevel(folder))
  await first.open()
  onTestFinished(() => first.close())
  await expect(Cache(new LmdbLevel(`${folder}/.`)).open()).rejects.toMatchObject({ code: 'CACHE_LOCKED' })
})
