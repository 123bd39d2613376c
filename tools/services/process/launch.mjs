import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { stopProcess } from './process.mjs'

const WATCHDOG = fileURLToPath(new URL('watchdog.mjs', import.meta.url))

/**
 * Starts the process of a service and waits until it `answers`. The process has a process group of its own, so that Ctrl-C
 * does not reach it before its owner stops it. Unless `detached`, a watchdog ends it and removes its folder when its owner
 * ends, also when that is killed.
 */
export async function launch({ what, command, args, env, folder, logFile, answers, timeoutMs, detached, signal }) {
  const log = openSync(logFile, 'a')
  const child = spawn(command, args, { cwd: folder, env, detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  child.unref()
  let ended
  child.once('error', (error) => (ended = error.message))
  child.once('exit', (code, killedBy) => (ended = `it ended with ${killedBy ?? code}`))
  const release = detached ? () => {} : watch(child.pid, folder)

  const deadline = Date.now() + timeoutMs
  while (ended === undefined && !signal?.aborted && Date.now() < deadline) {
    if (await answers()) return { pid: child.pid, release }
    await sleep(100)
  }

  const reason = ended ?? `no answer within ${timeoutMs / 1000} s`
  if (ended === undefined) await stopProcess(child.pid)
  release()
  signal?.throwIfAborted()
  throw new Error(`${what} did not start: ${reason}\n${tail(logFile)}`)
}

function watch(pid, folder) {
  const options = { detached: true, stdio: ['pipe', 'ignore', 'ignore'] }
  const watchdog = spawn(process.execPath, [WATCHDOG, String(pid), folder], options)
  watchdog.unref()
  watchdog.stdin.unref()
  return () => watchdog.kill('SIGKILL')
}

function tail(file, lines = 20) {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
}
