import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { clock } from './clock.ts'
import type { WorkerPlan } from './worker-plan.ts'

interface WorkerExit {
  readonly code: number | null
  /** The signal that ended the process, or null. */
  readonly signal: NodeJS.Signals | null
  /** The signal that `end` sent. Undefined: the process ended by itself. */
  readonly asked: 'SIGKILL' | 'SIGTERM' | undefined
  /** The end of its stderr. */
  readonly stderr: string
}

export interface WorkerProcess {
  readonly name: string
  readonly plan: WorkerPlan
  /** The latest time at which the worker can have handled a record. Undefined while it runs. */
  readonly endedAt: number | undefined
  readonly exit: WorkerExit | undefined
  /** True while the process runs and was not told to end. */
  readonly alive: boolean
  signal(name: NodeJS.Signals): void
  /** Resolves when the process has ended. Kills it `withinMs` after SIGTERM, which its exit shows. @default withinMs 40_000 */
  end(signal: 'SIGKILL' | 'SIGTERM', withinMs?: number): Promise<void>
}

const program = fileURLToPath(new URL('worker.ts', import.meta.url))
const KEPT = 4000

/** Starts a worker in a child process with the loader and the conditions of this one. It ends when this process ends. */
export function startWorker(name: string, plan: WorkerPlan): WorkerProcess {
  const args = [...process.execArgv, program, JSON.stringify(plan)]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-KEPT)))
  // The child may close its end of the pipe first.
  child.stdin.on('error', () => {})
  let asked: WorkerExit['asked']
  let endedAt: number | undefined
  let exit: WorkerExit | undefined
  const gone = once(child, 'close').then(([code, signal]) => {
    endedAt ??= clock()
    exit = { code: code as number | null, signal: signal as NodeJS.Signals | null, asked, stderr }
  })
  return {
    name,
    plan,
    get endedAt() {
      return endedAt
    },
    get exit() {
      return exit
    },
    get alive() {
      return exit === undefined && asked === undefined
    },
    signal: (signal) => void child.kill(signal),
    async end(signal, withinMs = 40_000) {
      asked ??= signal
      // After SIGTERM the worker still handles records; after SIGKILL it does not.
      if (signal === 'SIGKILL') endedAt ??= clock()
      child.kill(signal)
      const timer = setTimeout(() => child.kill('SIGKILL'), withinMs)
      await gone
      clearTimeout(timer)
    },
  }
}
