import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { CountingPlan } from './counting-plan.ts'

export interface CountingProcess {
  /** Checkpoints with at least one lane. */
  readonly checkpoints: number
  /** Undefined while the process runs. */
  readonly exit: { readonly code: number | null; readonly stderr: string } | undefined
  /** Resolves when the process has ended. */
  readonly gone: Promise<void>
  /** Sends SIGKILL. Resolves when the process has ended. */
  kill(): Promise<void>
}

const program = fileURLToPath(new URL('counter.ts', import.meta.url))
const KEPT = 4000

export function startCounting(plan: CountingPlan): CountingProcess {
  const args = [...process.execArgv, program, JSON.stringify(plan)]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  let checkpoints = 0
  let stderr = ''
  let exit: CountingProcess['exit']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (checkpoints += text.split('\n').length - 1))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-KEPT)))
  // The child may close its end of the pipe first.
  child.stdin.on('error', () => {})
  const gone = once(child, 'close').then(([code]) => {
    exit = { code: code as number | null, stderr }
  })
  return {
    gone,
    get checkpoints() {
      return checkpoints
    },
    get exit() {
      return exit
    },
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
  }
}
