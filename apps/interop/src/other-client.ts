import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { ReadLine, RecordLine } from './record-line.ts'

/** A client of another language in a child process, which answers requests in order. */
export interface OtherClient {
  /** Resolves when all records are acknowledged. `settings` have the names of the client. */
  produce(topic: string, records: readonly RecordLine[], settings?: Settings): Promise<void>
  /** All records of a topic up to its current end, ordered by partition and offset. */
  consume(topic: string, settings?: Settings): Promise<readonly ReadLine[]>
  /** Sends a command that not all clients have. */
  ask<T>(command: string, request: object): Promise<T>
  close(): Promise<void>
}

type Settings = Readonly<Record<string, string | number | boolean>>

const PATIENCE_MS = 50_000

/** Starts a client. The process reads one JSON request per line and writes one answer per line: `{ ok }` or `{ error }`. */
export function otherClient(
  [command, ...args]: readonly [string, ...string[]],
  brokers: string,
  patienceMs = PATIENCE_MS,
): OtherClient {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(`it ended with ${signal ?? code}`))
  })
  // The exit of the process is handled above.
  child.stdin.on('error', () => {})
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  let last: Promise<unknown> = Promise.resolve()

  async function answer(request: object): Promise<unknown> {
    child.stdin.write(`${JSON.stringify({ brokers, ...request })}\n`)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`no answer within ${patienceMs} ms`), patienceMs)
    })
    const line = await Promise.race([lines.next(), ended, late])
    clearTimeout(timer)
    if (typeof line === 'string' || line.done === true) {
      child.kill('SIGKILL')
      throw new Error(`${command} did not answer: ${typeof line === 'string' ? line : 'its output ended'}`)
    }
    const { ok, error } = JSON.parse(line.value) as { ok?: unknown; error?: string }
    if (error !== undefined) throw new Error(`${command} answered: ${error}`)
    return ok
  }

  const client: OtherClient = {
    async produce(topic, records, settings = {}) {
      const written = await client.ask<number>('produce', { topic, records, settings })
      if (written !== records.length) throw new Error(`${command} wrote ${written} of ${records.length} records`)
    },
    async consume(topic, settings = {}) {
      const records = await client.ask<ReadLine[]>('consume', { topic, settings })
      return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset)
    },
    async ask<T>(command: string, request: object) {
      const mine = last.then(() => answer({ command, ...request }))
      last = mine.catch(() => {})
      return (await mine) as T
    },
    async close() {
      child.stdin.end()
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await ended
      clearTimeout(timer)
    },
  }
  return client
}
