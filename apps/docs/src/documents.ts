import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Block, blocksOf } from './block.ts'

/** The folder of the repository. */
export const root = fileURLToPath(new URL('../../../', import.meta.url))

export interface Document {
  /** Relative to the root of the repository. */
  readonly path: string
  readonly blocks: readonly Block[]
}

/** The README at the top, those of the packages, the other documents at the top, and all files in docs/. */
export function documents(): readonly Document[] {
  const packages = readdirSync(join(root, 'packages')).map((name) => `packages/${name}/README.md`)
  const docs = existsSync(join(root, 'docs'))
    ? readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    : []
  return ['README.md', 'CONTRIBUTING.md', 'AGENTS.md', ...packages, ...docs.map((name) => `docs/${name}`)]
    .filter((path) => path.endsWith('.md') && existsSync(join(root, path)))
    .map((path) => ({ path, blocks: blocksOf(readFileSync(join(root, path), 'utf8')) }))
}
