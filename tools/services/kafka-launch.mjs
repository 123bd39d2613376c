import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { kafkaAnswers } from './kafka-answers.mjs'
import { stopProcess } from './process.mjs'

const WATCHDOG = fileURLToPath(new URL('watchdog.mjs', import.meta.url))

/**
 * Starts the broker's process and waits until it serves requests. It has a process group of its own, so that Ctrl-C
 * leaves it alone until its owner stops it; unless `detached`, it ends with its owner, whatever ends that.
 */
export async function launchKafka({
  java,
  classPath,
  properties,
  folder,
  brokers,
  heapMb,
  timeoutMs,
  detached,
  signal,
}) {
  const logFile = join(folder, 'broker.log')
  const log = openSync(logFile, 'a')
  const flags = [`-Xmx${heapMb}m`, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
  const logging = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'
  const args = [...flags, logging, '-cp', classPath, 'kafka.Kafka', properties]
  const child = spawn(java, args, { cwd: folder, detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  child.unref()
  let ended
  child.once('error', (error) => (ended = error.message))
  child.once('exit', (code, killedBy) => (ended = `it ended with ${killedBy ?? code}`))
  const release = detached ? () => {} : watch(child.pid, folder)

  const deadline = Date.now() + timeoutMs
  while (ended === undefined && !signal?.aborted && Date.now() < deadline) {
    if (await kafkaAnswers(brokers)) return { pid: child.pid, release }
    await sleep(100)
  }

  const reason = ended ?? `no answer within ${timeoutMs / 1000} s`
  if (ended === undefined) await stopProcess(child.pid)
  release()
  signal?.throwIfAborted()
  throw new Error(`Kafka did not start at ${brokers}: ${reason}\n${tail(logFile)}`)
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
