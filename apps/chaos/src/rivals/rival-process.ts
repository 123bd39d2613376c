import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { clock } from '../clock.ts'
import type { RivalPlan } from './rival.ts'

export interface RivalProcess {
  readonly name: string
  readonly plan: RivalPlan
  readonly alive: boolean
  /** Describes the exit of a process that ended by itself. Undefined otherwise. */
  readonly crash: string | undefined
  /** Resolves when the process has ended. Kills it 30 s after SIGTERM. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
}

const ENDS_WITHIN_MS = 30_000
const KEPT = 2000

/** Starts a worker in a child process. It ends when this process ends. */
export function startRival(name: string, [command = '', ...args]: readonly string[], plan: RivalPlan): RivalProcess {
  const child = spawn(command, [...args, JSON.stringify(plan)], { stdio: ['pipe', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-KEPT)))
  child.stdin.on('error', () => {})
  let [asked, ended] = [false, false]
  let crash: string | undefined
  const startedAt = clock()
  const gone = once(child, 'close').then(([code, signal]) => {
    ended = true
    const seconds = ((clock() - startedAt) / 1000).toFixed(1)
    if (!asked) crash = `${name} ended by itself with ${String(code ?? signal)} after ${seconds} s: ${stderr.trim()}`
  })
  return {
    name,
    plan,
    get alive() {
      return !ended && !asked
    },
    get crash() {
      return crash
    },
    async end(signal) {
      asked = true
      child.kill(signal)
      const timer = setTimeout(() => child.kill('SIGKILL'), ENDS_WITHIN_MS)
      await gone
      clearTimeout(timer)
    },
  }
}
