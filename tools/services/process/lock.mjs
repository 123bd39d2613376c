import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive } from './process.mjs'

/** Runs `f` while it holds a lock file, which one process at a time can hold. The lock of a dead process is taken over. */
export async function withLock(file, f) {
  mkdirSync(dirname(file), { recursive: true })
  while (!take(file)) {
    if (!isHeld(file)) rmSync(file, { force: true })
    else await sleep(100)
  }
  try {
    return await f()
  } finally {
    rmSync(file, { force: true })
  }
}

function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

function isHeld(file) {
  try {
    const holder = readFileSync(file, 'utf8')
    return holder === '' || isAlive(Number(holder)) // empty: it is being written
  } catch {
    return false
  }
}
