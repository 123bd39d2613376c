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

/** Ended, but its parent has not read the exit code; in a container without an init it stays so. */
function isZombie(pid) {
  try {
    return /\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** Sends a signal and waits until the process has ended; false if it still runs after `withinMs`. */
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

/** Sends SIGTERM, and SIGKILL if the process still runs after `graceMs`. */
export async function stopProcess(pid, graceMs = 10_000) {
  if (await endProcess(pid, 'SIGTERM', graceMs)) return
  if (!(await endProcess(pid, 'SIGKILL', 5000))) throw new Error(`process ${pid} could not be ended`)
}

/** Whether the process with this id runs and has this text in its arguments, as the system reuses ids. */
export async function isProcessOf(pid, text) {
  if (!isAlive(pid)) return false
  if (process.platform === 'win32') return true
  const proc = `/proc/${pid}/cmdline`
  if (existsSync(proc)) return readFileSync(proc, 'utf8').includes(text)
  const { stdout } = await run('ps', ['-o', 'command=', '-p', String(pid)], { capture: true })
  return stdout.includes(text)
}
