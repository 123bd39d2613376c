import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { withLock } from './lock.mjs'

let folder
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'snapstream-lock-'))))
afterEach(() => rmSync(folder, { recursive: true }))

test('one at a time, and released after a failure', async () => {
  const file = join(folder, 'lock')
  let inside = 0
  let most = 0
  const work = async (i) => {
    most = Math.max(most, ++inside)
    await new Promise((resolve) => setImmediate(resolve))
    inside--
    if (i === 1) throw new Error('one fails')
    return i
  }
  const results = await Promise.allSettled([0, 1, 2].map((i) => withLock(file, () => work(i))))
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(most).toBe(1)
  expect(existsSync(file)).toBe(false)
})

test('a lock whose holder is dead is taken over', async () => {
  const file = join(folder, 'lock')
  const { pid } = spawnSync(process.execPath, ['-e', ''])
  writeFileSync(file, String(pid))
  expect(await withLock(file, async () => 'mine')).toBe('mine')
})
