import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { ReadingPlan } from './reader.ts'

export interface ReadingProcess {
  /** The values read so far. */
  readonly read: readonly string[]
  /** The error codes of sockets that could not be opened or that broke. */
  readonly refused: readonly string[]
  /** The error that ended the stream. Undefined if it runs or has ended without an error. */
  readonly failed: { readonly code: string; readonly message: string } | undefined
  /** True once the process waits for `begin()`. */
  readonly ready: boolean
  begin(): void
  /** Limits the number of open files and sockets. Null: the usual limit. */
  limitHandles(most: number | null): void
  /** Resolves with the exit code. */
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
  // The child may close its end of the pipe first.
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
