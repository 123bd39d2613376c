import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import process from 'node:process'
import { root } from '../root.mjs'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Runs a program to its end. Without `capture` the program shares the terminal of this process. With `capture` its output
 * is collected, both streams in the order of arrival; with `capture: 'tee'` it is also shown. After `timeoutMs` the program
 * is killed. Resolves with the exit code, or with 128 + the number of the signal that ended the program.
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

/** Runs a program of an installation. Rejects with its output if it ends with another code than 0. */
export async function mustRun(command, args, { cwd = root, timeoutMs = 900_000 } = {}) {
  // Only the shell of Windows finds programs such as mvn.cmd.
  const { code, output } = await run(command, args, {
    cwd,
    capture: true,
    timeoutMs,
    shell: process.platform === 'win32',
  })
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')} ended with ${code}:\n${output}`)
}

/** Passes signals on to a child until the returned function is called. This process then ends when the child has. */
function passSignals(child) {
  const listeners = SIGNALS.map((signal) => {
    const listener = () => {
      // The terminal sends Ctrl-C to the whole foreground group; a second SIGINT would interrupt a graceful end.
      if (signal === 'SIGINT' && process.stdin.isTTY) return
      child.kill(signal)
    }
    process.on(signal, listener)
    return () => process.off(signal, listener)
  })
  return () => listeners.forEach((off) => off())
}
