import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Block } from './block.ts'
import { root } from './documents.ts'

/** A block and the path of its document, from the root of the repository. */
export interface PlacedBlock {
  readonly path: string
  readonly block: Block
}

/** How a process ended, and its output. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const APP = fileURLToPath(new URL('../', import.meta.url))
const TSC = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
const RUN_TIMEOUT_MS = 40_000
const COMPILE_TIMEOUT_MS = 240_000
/** The addresses in the documents, by the mark of their blocks. */
export const WRITTEN = { kafka: 'localhost:29091', registry: 'http://localhost:28081/apis/ccompat/v7' }

/**
 * Compiles blocks, each as a module of its own, with one run of the compiler. Answers with the compiler's errors in each
 * block, in the order of the blocks: empty for a block that compiles. Rejects if the compiler does not run.
 */
export async function compileBlocks(placed: readonly PlacedBlock[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await inFolder(async (folder) => {
    for (const one of placed) writeFileSync(join(folder, fileOf(one)), textOf(one.block))
    const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false, moduleDetection: 'force' }
    const config = { extends: '../../tsconfig.json', compilerOptions, include: ['*.ts'] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    return node([TSC, '-p', folder, '--pretty', 'false'], folder, COMPILE_TIMEOUT_MS)
  })
  // The lines of an error that follow its first one are indented.
  const errors = stdout.split(/\n(?=\S)/).map((error) => error.trim())
  const found = placed.map((one) => errors.filter((error) => error.startsWith(`${fileOf(one)}(`)).join('\n'))
  if (code !== 0 && found.every((error) => error === ''))
    throw new Error(`the compiler ended with ${code}:\n${stdout}\n${stderr}`)
  return found
}

/**
 * Runs a block as a module of its own in an empty folder, from the sources of all packages. `address` replaces the address
 * in the document.
 */
export function runBlock({ path, block }: PlacedBlock, address?: string): Promise<Ended> {
  const written = WRITTEN[block.mark as keyof typeof WRITTEN] ?? WRITTEN.kafka
  const code = address === undefined ? block.code : block.code.replaceAll(written, address)
  return inFolder(async (folder) => {
    const file = join(folder, fileOf({ path, block }))
    writeFileSync(file, textOf({ ...block, code }))
    const cwd = mkdtempSync(join(tmpdir(), 'snapstream-docs-'))
    try {
      const args = ['--import', import.meta.resolve('tsx'), '--conditions=@snapstream/source', file]
      return await node(args, cwd, RUN_TIMEOUT_MS)
    } finally {
      rmSync(cwd, { recursive: true, force: true })
    }
  })
}

/** `docs-testing.md.12.ts`: the block at line 12. */
function fileOf({ path, block }: PlacedBlock): string {
  return `${path.replaceAll('/', '-')}.${block.line}.ts`
}

/** The lines of the module have the numbers that they have in the document. */
function textOf({ code, line }: Block): string {
  return '\n'.repeat(line - 1) + code
}

/** A new folder inside this app, as a module finds the packages from there only. */
async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  mkdirSync(join(APP, '.blocks'), { recursive: true })
  const folder = mkdtempSync(join(APP, '.blocks', 'block-'))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function node(args: readonly string[], cwd: string, timeout: number): Promise<Ended> {
  return new Promise((resolve, reject) => {
    // nx sets FORCE_COLOR; the documents have no colours.
    const env = { ...process.env, FORCE_COLOR: undefined, NO_COLOR: '1' }
    const options = { cwd, env, timeout, killSignal: 'SIGKILL' } as const
    const child = spawn(process.execPath, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.once('error', reject)
    child.once('close', (code) =>
      resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
    )
  })
}
