import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync, symlinkSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Level } from 'level'
import { MemoryLevel } from 'memory-level'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { tempFolder } from '../fixtures/temp-folder.ts'
import { Cache } from '../index.ts'
import { findHolder } from './lock-holder.ts'

const HOLD_LOCK = fileURLToPath(new URL('../fixtures/hold-lock.mjs', import.meta.url))

async function holdInAnotherProcess(folder: string) {
  const child = spawn(process.execPath, [HOLD_LOCK, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

/** Whether LevelDB lets another process in: only a process other than this one can tell. */
async function anotherProcessGetsIn(folder: string): Promise<boolean> {
  const child = spawn(process.execPath, [HOLD_LOCK, folder], { stdio: ['ignore', 'pipe', 'ignore'] })
  const gotIn = await Promise.race([once(child.stdout, 'data').then(() => true), once(child, 'exit').then(() => false)])
  child.kill('SIGKILL')
  return gotIn
}

describe('the lock on a folder', () => {
  test('refuses a second cache in this process, and still locks other processes out', async () => {
    const folder = tempFolder()
    const first = Cache<string, number>(folder)
    await first.open()
    const second = Cache<string, number>(join(folder, '..', folder.split('/').at(-1)!))
    const locked = expect.objectContaining({ code: 'CACHE_LOCKED', message: expect.stringContaining(folder) as string })
    await expect(second.open()).rejects.toEqual(locked)
    expect(await anotherProcessGetsIn(folder)).toBe(false)
    await first('a', 1)
    await first.close()
    await second.open()
    expect(second.getSync('a')).toBe(1)
    await second.close()
    expect(await anotherProcessGetsIn(folder)).toBe(true)
  })

  test('recognizes the folder through links, copies of the package, and database objects', async () => {
    const folder = tempFolder()
    const link = join(tempFolder(), 'link')
    symlinkSync(folder, link)
    const first = Cache(folder)
    await first.open()
    await expect(Cache(link).open()).rejects.toMatchObject({ code: 'CACHE_LOCKED' })
    vi.resetModules()
    const copy = await import('../index.ts')
    expect(copy.Cache).not.toBe(Cache)
    await expect(copy.Cache(folder).open()).rejects.toMatchObject({ code: 'CACHE_LOCKED' })
    await first.close()

    // A Level opens itself once it is made, so it has to come first.
    const level = new Level(folder)
    await level.open()
    const overLevel = Cache(level)
    await overLevel.open()
    await expect(Cache(folder).open()).rejects.toMatchObject({ code: 'CACHE_LOCKED' })
    await overLevel.close()
    await level.close()

    const db = new MemoryLevel()
    const memory = Cache(db)
    await memory.open()
    await expect(Cache(db).open()).rejects.toMatchObject({ code: 'CACHE_LOCKED' })
    await memory.close()
  })

  test('names the process that holds it', async () => {
    const folder = tempFolder()
    const child = await holdInAnotherProcess(folder)
    const cache = Cache<string, number>(folder)
    const error = (await cache.open().catch((error: unknown) => error)) as Error
    expect(error).toMatchObject({ code: 'CACHE_LOCKED', cause: { code: 'LEVEL_DATABASE_NOT_OPEN' } })
    expect(error.message).toContain(folder)
    // Only Linux tells.
    const tellsLocks = existsSync('/proc/locks') && readFileSync('/proc/locks', 'utf8') !== ''
    expect(error.message).toContain(tellsLocks ? `pid ${child.pid}` : 'another process')
    child.kill('SIGKILL')
    await once(child, 'exit')
    await cache.open()
    await cache('a', 1)
    await cache.close()
  })

  test('finds the holder in /proc/locks by inode, and by device where there are several', () => {
    const locks = [
      '1: POSIX  ADVISORY  WRITE 100 08:01:42 0 EOF',
      '2: POSIX  ADVISORY  WRITE 200 08:02:42 0 EOF',
      '3: FLOCK  ADVISORY  WRITE 300 08:01:77 0 EOF',
      '4: POSIX  ADVISORY  READ  400 08:01:77 0 EOF',
      '5: POSIX  ADVISORY  WRITE 500 00:3f:99 0 EOF',
      '6: POSIX  ADVISORY  WRITE -1 00:3f:98 0 EOF',
    ].join('\n')
    expect(findHolder(locks, 42n, 0x801n)).toBe(100)
    expect(findHolder(locks, 42n, 0x802n)).toBe(200)
    expect(findHolder(locks, 42n, 0x803n)).toBeUndefined()
    expect(findHolder(locks, 77n, 0x801n)).toBeUndefined()
    expect(findHolder(locks, 99n, 0x1n)).toBe(500)
    expect(findHolder(locks, 98n, 0x3fn)).toBeUndefined()
    expect(findHolder('', 1n, 1n)).toBeUndefined()
  })
})

describe('a folder that does not open', () => {
  test('is CACHE_CORRUPT, and opens once it is repaired', async () => {
    const folder = tempFolder()
    const cache = Cache<string, number>(folder)
    await cache.open()
    await cache('a', 1)
    await cache.close()
    const current = readFileSync(join(folder, 'CURRENT'), 'utf8')
    writeFileSync(join(folder, 'CURRENT'), 'no newline')
    await expect(cache.open()).rejects.toMatchObject({
      code: 'CACHE_CORRUPT',
      message: expect.stringContaining(folder) as string,
    })
    writeFileSync(join(folder, 'CURRENT'), current)
    await cache.open()
    expect(cache.getSync('a')).toBe(1)
    await cache.close()
  })

  test('fails with an error that names it if it is a file', async () => {
    const file = join(tempFolder(), 'file')
    writeFileSync(file, '')
    await expect(Cache(file).open()).rejects.toMatchObject({
      code: 'CACHE_FAILED',
      message: expect.stringContaining(file) as string,
    })
  })
})

describe('a database that the user made', () => {
  test('is closed only if the cache opened it', async () => {
    const opened = new MemoryLevel()
    await opened.open()
    const guest = Cache(opened)
    await guest.open()
    await guest.close()
    expect(opened.status).toBe('open')

    const fresh = new MemoryLevel()
    await fresh.close()
    const owner = Cache(fresh)
    await owner.open()
    expect(fresh.status).toBe('open')
    await owner.close()
    expect(fresh.status).toBe('closed')
  })
})
