import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Figures, Outcome, Trial } from '../suite.ts'
import { watchUsage } from './process-usage.ts'
import type { Usage } from './process-usage.ts'

export interface RunOptions {
  readonly command: readonly string[]
  readonly input: object
  readonly trial: Trial
  /** A longer run is void. */
  readonly timeoutMs: number
}

const ENDS_WITHIN_MS = 20_000
const KEPT = 4000

/**
 * One run in a process of its own. Its usage is read after the work, before the process ends. Rejects if the run is void: it
 * failed, took too long, or had a wrong outcome.
 */
export async function runContestant({ command, input, trial, timeoutMs }: RunOptions): Promise<Figures> {
  const [program = '', ...args] = command
  const child = spawn(program, [...args, JSON.stringify({ ...input, ...trial.input })], { stdio: 'pipe' })
  child.stdin.on('error', () => {})
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-KEPT)))
  const closed = once(child, 'close')
  const over = new AbortController()
  const watch = watchUsage(child.pid ?? 0)
  const timer = setTimeout(() => over.abort(new Error(`not done after ${timeoutMs / 1000} s`)), timeoutMs)
  let done: { outcome: Outcome; usage: Usage } | undefined
  try {
    const ended: Promise<never> = closed.then(([code, signal]) => {
      throw new Error(`it ended by itself with ${String(code ?? signal)}`)
    })
    const late: Promise<never> = once(over.signal, 'abort').then(() => {
      throw over.signal.reason
    })
    // Its stdout may close before its exit and its error are known.
    const printed = firstOutcome(child.stdout).then((outcome) => outcome ?? ended)
    // A trial that notices the end itself does not wait for the outcome of the process.
    printed.catch(() => {})
    const outcome = await Promise.race([trial.done?.(over.signal) ?? printed, ended, late]).catch((error: Error) => {
      throw new Error([error.message, stderr.trim()].filter(Boolean).join(': '), { cause: error })
    })
    const usage = await watch.read()
    // Without /proc, a contestant of this repository reports its own usage.
    done = { outcome, usage: usage.peakBytes === undefined ? (outcome.figures ?? {}) : usage }
  } finally {
    clearTimeout(timer)
    watch.stop()
    over.abort(new Error('the run is over'))
    child.stdin.end()
    const kill = setTimeout(() => child.kill('SIGKILL'), ENDS_WITHIN_MS)
    await closed.catch(() => {})
    clearTimeout(kill)
  }
  return figuresOf((await trial.verify?.(done.outcome)) ?? done.outcome, done.usage)
}

export function figuresOf({ messages, ms, figures }: Outcome, usage: Usage): Figures {
  if (!(messages > 0 && ms > 0)) throw new Error(`it says that it did ${messages} messages in ${ms} ms`)
  const perMillion = usage.cpuSeconds === undefined ? {} : { cpuPerMillion: (usage.cpuSeconds / messages) * 1e6 }
  return { rate: messages / (ms / 1000), nsPerMessage: (ms / messages) * 1e6, ...figures, ...usage, ...perMillion }
}

/** The first line that is an outcome; other lines are ignored. Undefined if stdout closed without one. */
async function firstOutcome(stdout: NodeJS.ReadableStream): Promise<Outcome | undefined> {
  let found: Outcome | undefined
  for await (const line of createInterface({ input: stdout }))
    if (line.startsWith('{"messages":')) {
      found = JSON.parse(line) as Outcome
      break
    }
  // A full pipe would block the process.
  stdout.resume()
  return found
}
