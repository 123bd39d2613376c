import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { clock } from './clock.ts'
import type { WorkerPlan } from './worker-plan.ts'

interface WorkerExit {
  readonly code: number | null
  /** What it died of, if it did not end by itself. */
  readonly signal: NodeJS.Signals | null
  /** What it was told to end with; undefined: it ended by itself. */
  readonly asked: 'SIGKILL' | 'SIGTERM' | undefined
  /** The last of what it wrote to stderr. */
  readonly stderr: string
}

export interface WorkerProcess {
  readonly name: string
  readonly plan: WorkerPlan
  /** When it can have handled its last record; undefined while it runs. */
  readonly endedAt: number | undefined
  readonly exit: WorkerExit | undefined
  /** It runs, and was not told to end. */
  readonly alive: boolean
  signal(name: NodeJS.Signals): void
  /** Resolves when it is gone. What has not ended `withinMs` after SIGTERM is killed, which shows in its exit. */
  end(signal: 'SIGKILL' | 'SIGTERM', withinMs?: number): Promise<void>
}

const program = fileURLToPath(new URL('worker.ts', import.meta.url))
const KEPT = 4000

/** Starts a worker in a process of its own, with the loader and the conditions of this one; it ends with this one. */
export function startWorker(name: string, plan: WorkerPlan): WorkerProcess {
  const args = [...process.execArgv, program, JSON.stringify(plan)]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-KEPT)))
  // Its end of the pipe may be gone first.
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
      // After SIGTERM it goes on for a while; after SIGKILL it does nothing.
      if (signal === 'SIGKILL') endedAt ??= clock()
      child.kill(signal)
      const timer = setTimeout(() => child.kill('SIGKILL'), withinMs)
      await gone
      clearTimeout(timer)
    },
  }
}
