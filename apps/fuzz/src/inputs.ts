import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Inputs that are kept in the repository: each was found once, and every run begins with it. */
const corpus = (target: string) => fileURLToPath(new URL(`../corpus/${target}`, import.meta.url))
/** Inputs that failed on this machine. */
const findings = (target: string) => fileURLToPath(new URL(`../../../.cache/fuzz/${target}`, import.meta.url))

/** The files of the corpus in the order of their names. */
export function readCorpus(target: string): readonly Uint8Array[] {
  const folder = corpus(target)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .toSorted()
    .map((file) => readFileSync(join(folder, file)))
}

/** Writes an input under its hash, and returns where. */
export const keepInCorpus = (target: string, input: Uint8Array) => write(corpus(target), input)
export const keepFinding = (target: string, input: Uint8Array) => write(findings(target), input)

function write(folder: string, input: Uint8Array): string {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${createHash('sha256').update(input).digest('hex').slice(0, 16)}.bin`)
  writeFileSync(file, input)
  return file
}
