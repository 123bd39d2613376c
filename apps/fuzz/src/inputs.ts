import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the inputs in the repository, with which every run begins. */
const corpus = (target: string) => fileURLToPath(new URL(`../corpus/${target}`, import.meta.url))
/** The folder of the inputs that failed on this machine. */
const findings = (target: string) => fileURLToPath(new URL(`../../../.cache/fuzz/${target}`, import.meta.url))

/** The inputs of the corpus, ordered by file name. */
export function readCorpus(target: string): readonly Uint8Array[] {
  const folder = corpus(target)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .toSorted()
    .map((file) => readFileSync(join(folder, file)))
}

/** Writes an input to a file named by its hash. Returns the path. */
export const keepInCorpus = (target: string, input: Uint8Array) => write(corpus(target), input)
export const keepFinding = (target: string, input: Uint8Array) => write(findings(target), input)

function write(folder: string, input: Uint8Array): string {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${createHash('sha256').update(input).digest('hex').slice(0, 16)}.bin`)
  writeFileSync(file, input)
  return file
}
