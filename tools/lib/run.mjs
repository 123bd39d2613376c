import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import process from 'node:process'
import { root } from './root.mjs'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Runs a program to its end. With `capture` its output is collected (both streams in the order they came), with
 * `capture: 'tee'` also shown; else it shares this process's terminal. After `timeoutMs` it is killed. Resolves with the exit code; what a signal ended has 128 + the signal's number.
 */
export function run(command, args, { cwd = root, env = process.env, capture = false, shell = false, timeoutMs } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, shell, stdio: capture ? ['ignore', 'pipe', 'pipe'] : 'inherit' })
    const chunks = []
    const stdout = []
    const collect = (stream, shown, lists) =>
      stream?.on('data', (chunk) => {
        for (const list of lists) list.push(chunk)
        if (capture === 'tee') shown.write(chunk)
      })
    collect(child.stdout, process.stdout, [chunks, stdout])
    collect(child.stderr, process.stderr, [chunks])
    const release = passSignals(child)
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    const end = (code, failure = '') => {
      release()
      clearTimeout(timer)
      const text = (list) => Buffer.concat(list).toString('utf8')
      resolve({ code, output: text(chunks) + failure, stdout: text(stdout) })
    }
    child.once('error', (error) => {
      if (!capture) console.error(`cannot run ${command}: ${error.message}`)
      end(127, `cannot run ${command}: ${error.message}\n`)
    })
    child.once('close', (code, signal) => end(code ?? 128 + (constants.signals[signal] ?? 0)))
  })
}

/** Passes signals on to a child until the returned function is called. This process then ends when the child has. */
function passSignals(child) {
  const listeners = SIGNALS.map((signal) => {
    const listener = () => {
      // Ctrl-C reaches the whole foreground group by itself, and a second SIGINT would cut a graceful end short.
      if (signal === 'SIGINT' && process.stdin.isTTY) return
      child.kill(signal)
    }
    process.on(signal, listener)
    return () => process.off(signal, listener)
  })
  return () => listeners.forEach((off) => off())
}
