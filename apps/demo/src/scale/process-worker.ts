import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Names } from './counting-app.ts'
import { trackPartitions } from './worker.ts'
import type { Worker, WorkerEvent } from './worker.ts'

/** The options of a worker's process, passed as JSON in its first argument. */
export interface WorkerPlan {
  readonly names: Names
  readonly folder: string
  readonly brokers: string
}

const program = fileURLToPath(new URL('worker-program.ts', import.meta.url))
/** The folder from which tsx is found. */
const cwd = fileURLToPath(new URL('.', import.meta.url))
const KEPT_STDERR = 4000

/** Starts a process. */
export function startProcessWorker(name: string, plan: WorkerPlan): Worker {
  const args = ['--import', 'tsx', '--conditions=@snapstream/source', program, JSON.stringify(plan)]
  const child = spawn(process.execPath, args, { cwd, stdio: ['pipe', 'pipe', 'pipe'] })
  const { apply, partitions, takeRestored } = trackPartitions()
  let stderr = ''
  let isAsked = false
  let failure: string | undefined
  child.stdin.on('error', () => {})
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-KEPT_STDERR)))
  createInterface(child.stdout).on('line', (line) => apply(JSON.parse(line) as WorkerEvent))
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => {
    apply({ kind: 'revoked', partitions: [...partitions] })
    if (!isAsked || (code !== 0 && signal !== 'SIGKILL'))
      failure = `ended with ${String(code ?? signal)}: ${stderr.trim()}`
  })

  async function end(signal: NodeJS.Signals): Promise<void> {
    isAsked = true
    child.kill(signal)
    await ended
    if (failure !== undefined) throw new Error(`worker ${name} ${failure}`)
  }

  return {
    name,
    partitions,
    takeRestored,
    get failure() {
      return failure
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  }
}
