import { existsSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from './run.mjs'

export function isAlive(pid) {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return error.code === 'EPERM'
  }
  return !isZombie(pid)
}

/** Ended, but its parent has not asked for the exit code: in containers without an init nobody ever does. */
function isZombie(pid) {
  try {
    return /\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** Sends a signal and waits until the process is gone; false if it is still there after `withinMs`. */
export async function endProcess(pid, signal, withinMs) {
  const deadline = Date.now() + withinMs
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
  while (isAlive(pid)) {
    if (Date.now() > deadline) return false
    await sleep(20)
  }
  return true
}

/** Asks a process to end, and ends it if it has not within `graceMs`. */
export async function stopProcess(pid, graceMs = 10_000) {
  if (await endProcess(pid, 'SIGTERM', graceMs)) return
  if (!(await endProcess(pid, 'SIGKILL', 5000))) throw new Error(`process ${pid} could not be ended`)
}

/** Whether the process with this id runs, and was started with this text in its arguments (ids are used again). */
export async function isProcessOf(pid, text) {
  if (!isAlive(pid)) return false
  if (process.platform === 'win32') return true
  const proc = `/proc/${pid}/cmdline`
  if (existsSync(proc)) return readFileSync(proc, 'utf8').includes(text)
  const { stdout } = await run('ps', ['-o', 'command=', '-p', String(pid)], { capture: true })
  return stdout.includes(text)
}
