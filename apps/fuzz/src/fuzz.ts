import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { FuzzLine, FuzzPlan } from './fuzz-plan.ts'

/** The program of the child process. */
export const FUZZ_PROCESS = fileURLToPath(new URL('fuzz-process.ts', import.meta.url))
/** Runs the sources through tsx. */
const FROM_SOURCES = ['--import', import.meta.resolve('tsx'), '--conditions=@snapstream/source', FUZZ_PROCESS]
/** A process without a line for this long hangs: it writes progress every 5 s. */
const SILENT_MS = 30_000
/** The number of characters of stderr that a report of a crash shows. */
const LAST_WORDS = 4000

export interface FuzzResult {
  readonly runs: number
  readonly grewBytes: number
  readonly slowestMs: number
  /** Inputs with a new outcome that did not fail. */
  readonly kept: readonly Uint8Array[]
  /** The first input that failed, and its failure. */
  readonly finding?: { readonly what: string; readonly input: Uint8Array }
}

/**
 * Fuzzes one target in a child process until its time is over or an input fails: throws, blocks, hangs, takes too much memory
 * or ends the process.
 *
 * @param program the arguments with which Node runs `FUZZ_PROCESS`
 */
export async function fuzz(
  plan: Omit<FuzzPlan, 'current' | 'kept'>,
  signal: AbortSignal,
  progress: (runs: number, kept: number) => void = () => {},
  program: readonly string[] = FROM_SOURCES,
): Promise<FuzzResult> {
  const folder = mkdtempSync(join(tmpdir(), 'snapstream-fuzz-'))
  const files = { current: join(folder, 'current'), kept: join(folder, 'kept') }
  mkdirSync(files.kept)
  const child = spawn(process.execPath, [...program, JSON.stringify({ ...plan, ...files })], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    killSignal: 'SIGKILL',
  })
  let lastWords = ''
  let runs = 0
  let done: (FuzzLine & { kind: 'done' }) | undefined
  let what: string | undefined
  const hung = setTimeout(() => {
    what = `hung for ${SILENT_MS / 1000} s`
    child.kill('SIGKILL')
  }, SILENT_MS)
  child.stderr.setEncoding('utf8').on('data', (text: string) => (lastWords = (lastWords + text).slice(-LAST_WORDS)))
  createInterface({ input: child.stdout }).on('line', (text) => {
    hung.refresh()
    const line = JSON.parse(text) as FuzzLine
    if (line.kind === 'found') what = line.what
    else if (line.kind === 'done') done = line
    else progress((runs = line.runs), line.kept)
  })
  try {
    const [code, killedBy] = (await once(child, 'close')) as [number | null, string | null]
    const none = { runs: done?.runs ?? runs, grewBytes: done?.grewBytes ?? 0, slowestMs: done?.slowestMs ?? 0 }
    const kept = readdirSync(files.kept).map((file) => readFileSync(join(files.kept, file)))
    if (done && what === undefined) return { ...none, kept }
    what ??= `ended the process (${killedBy ?? code}): ${lastWords}`
    if (!existsSync(files.current)) throw new Error(`the target could not be opened: ${what}`)
    const held = readFileSync(files.current)
    const input = held.length < 4 ? held : held.subarray(4, 4 + held.readUInt32LE(0))
    return { ...none, kept, finding: { what, input } }
  } finally {
    clearTimeout(hung)
    rmSync(folder, { recursive: true, force: true })
  }
}
