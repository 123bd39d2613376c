import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildPrograms } from '@snapstream/services'
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
  const folder = newFolder()
  const compile = () => {
    for (const one of placed) writeFileSync(join(folder, fileOf(one)), textOf(one.block))
    const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false, moduleDetection: 'force' }
    const config = { extends: '../../tsconfig.json', compilerOptions, include: ['*.ts'] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    return node([TSC, '-p', folder, '--pretty', 'false'], folder, COMPILE_TIMEOUT_MS)
  }
  const { code, stdout, stderr } = await compile().finally(() => rmSync(folder, { recursive: true, force: true }))
  // The lines of an error that follow its first one are indented.
  const errors = stdout.split(/\n(?=\S)/).map((error) => error.trim())
  const found = placed.map((one) => errors.filter((error) => error.startsWith(`${fileOf(one)}(`)).join('\n'))
  if (code !== 0 && found.every((error) => error === ''))
    throw new Error(`the compiler ended with ${code}:\n${stdout}\n${stderr}`)
  return found
}

/** Programs of blocks, built from the sources of all packages. */
export interface BlockPrograms {
  /** Runs a block as a module of its own in an empty folder. */
  run(placed: PlacedBlock): Promise<Ended>
  remove(): void
}

/** Builds blocks at once, each as a module of its own. `address` replaces the address in the documents. */
export async function buildBlocks(placed: readonly PlacedBlock[], address?: string): Promise<BlockPrograms> {
  const folder = newFolder()
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const programs = placed.map(({ path, block }) => {
    const written = WRITTEN[block.mark as keyof typeof WRITTEN] ?? WRITTEN.kafka
    const code = address === undefined ? block.code : block.code.replaceAll(written, address)
    const file = join(folder, fileOf({ path, block }))
    writeFileSync(file, textOf({ ...block, code }))
    return file
  })
  try {
    await buildPrograms({ programs, folder })
  } catch (error) {
    remove()
    throw error
  }
  return {
    async run(one) {
      const program = join(folder, fileOf(one).replace(/\.ts$/, '.mjs'))
      const cwd = mkdtempSync(join(tmpdir(), 'snapstream-docs-'))
      try {
        return await node(['--enable-source-maps', program], cwd, RUN_TIMEOUT_MS)
      } finally {
        rmSync(cwd, { recursive: true, force: true })
      }
    },
    remove,
  }
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
function newFolder(): string {
  mkdirSync(join(APP, '.blocks'), { recursive: true })
  return mkdtempSync(join(APP, '.blocks', 'block-'))
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
