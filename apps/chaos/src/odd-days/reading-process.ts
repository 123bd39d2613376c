import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { ReadingPlan } from './reader.ts'

export interface ReadingProcess {
  /** What it has read so far. */
  readonly read: readonly string[]
  /** The codes of the sockets that it could not open, or that broke. */
  readonly refused: readonly string[]
  /** The code and the message of the error that its stream ended with. Undefined while it runs. */
  readonly failed: { readonly code: string; readonly message: string } | undefined
  /** It is there, and has not begun yet. */
  readonly ready: boolean
  begin(): void
  /** How many files and sockets it may open from now on; null: as many as before. */
  limitHandles(most: number | null): void
  /** Resolves with its exit code when it is gone. */
  readonly gone: Promise<number | null>
  kill(): Promise<void>
}

const program = fileURLToPath(new URL('reader.ts', import.meta.url))
const USUAL_HANDLES = 1024

export function startReading(plan: ReadingPlan): ReadingProcess {
  const args = ['--import', 'tsx', '--conditions=@snapstream/source', program, JSON.stringify(plan)]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const read: string[] = []
  const refused: string[] = []
  let text = ''
  let ready = false
  let failed: ReadingProcess['failed']
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (text + chunk).split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) {
      const told = JSON.parse(line) as { read?: string; refused?: string; code?: string; message?: string }
      if (told.read !== undefined) read.push(told.read)
      else if (told.refused !== undefined) refused.push(told.refused)
      else if (told.code === undefined) ready = true
      else failed = { code: told.code, message: told.message ?? '' }
    }
  })
  // Its end of the pipe may be gone first.
  child.stdin.on('error', () => {})
  const gone = once(child, 'close').then(([code]) => code as number | null)
  return {
    read,
    refused,
    gone,
    get failed() {
      return failed
    },
    get ready() {
      return ready
    },
    begin: () => void child.stdin.write('begin\n'),
    limitHandles(most) {
      execFileSync('prlimit', [`--pid=${child.pid}`, `--nofile=${most ?? USUAL_HANDLES}:`])
    },
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
  }
}
