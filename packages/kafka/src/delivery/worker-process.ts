import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Handling, WorkerPlan } from './worker.ts'

export interface WorkerProcess {
  /** The handlings it has reported so far. */
  readonly told: readonly Handling[]
  /** Resolves with its exit code when it has ended and all its output was read. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

const worker = fileURLToPath(new URL('worker.ts', import.meta.url))

/** Starts a worker in a process of its own. */
export function startWorker(plan: WorkerPlan): WorkerProcess {
  const args = ['--import', 'tsx', '--conditions=@snapstream/source', worker, JSON.stringify(plan)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const told: Handling[] = []
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => told.push(JSON.parse(line) as Handling))
  const gone = Promise.all([once(child, 'exit'), once(lines, 'close')])
  return {
    told,
    async end(signal) {
      child.kill(signal)
      await gone
      return child.exitCode
    },
  }
}
