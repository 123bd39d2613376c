import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Block } from './block.ts'
import { root } from './documents.ts'

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const APP = fileURLToPath(new URL('../', import.meta.url))
const TSC = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
const TIMEOUT_MS = 40_000
/** The addresses that the documents use, by what stands there. */
export const WRITTEN = { kafka: 'localhost:29091', registry: 'http://localhost:28081/apis/ccompat/v7' }

/** Compiles a block as a module of its own; what the compiler says, or nothing. */
export function compileBlock(block: Block, path: string): Promise<Ended> {
  return inModule(block, path, (folder) => node([TSC, '-p', folder], folder))
}

/** Runs a block as a module of its own in an empty folder, from the sources of all packages. `address`: what takes the place of the one that is written. */
export function runBlock(block: Block, path: string, address?: string): Promise<Ended> {
  const written = WRITTEN[block.mark as keyof typeof WRITTEN] ?? WRITTEN.kafka
  const code = address === undefined ? block.code : block.code.replaceAll(written, address)
  return inModule({ ...block, code }, path, async (_, file) => {
    const cwd = mkdtempSync(join(tmpdir(), 'snapstream-docs-'))
    try {
      return await node(['--import', import.meta.resolve('tsx'), '--conditions=@snapstream/source', file], cwd)
    } finally {
      rmSync(cwd, { recursive: true, force: true })
    }
  })
}

/** The block as a file that can import the packages; its lines have the numbers they have in the document. */
async function inModule<T>(block: Block, path: string, use: (folder: string, file: string) => Promise<T>): Promise<T> {
  mkdirSync(join(APP, '.blocks'), { recursive: true })
  const folder = mkdtempSync(join(APP, '.blocks', 'block-'))
  const name = `${path.replaceAll('/', '-')}.ts`
  const options = { noUnusedLocals: false, noUnusedParameters: false }
  try {
    writeFileSync(join(folder, name), '\n'.repeat(block.line - 1) + block.code)
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: '../../tsconfig.json', compilerOptions: options, include: [name] }),
    )
    return await use(folder, join(folder, name))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function node(args: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    // nx asks for colours, which no document shows.
    const env = { ...process.env, FORCE_COLOR: undefined, NO_COLOR: '1' }
    const options = { cwd, env, timeout: TIMEOUT_MS, killSignal: 'SIGKILL' } as const
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
