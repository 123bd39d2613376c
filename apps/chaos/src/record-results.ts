import { readFile, writeFile } from 'node:fs/promises'
import { resultsPage } from './results-page.ts'
import { byCase } from './summary.ts'
import type { Result } from './verdict.ts'

const DATA = new URL('../results.json', import.meta.url)
const PAGE = new URL('../RESULTS.md', import.meta.url)

/** Replaces the stored results of the same cases and drivers, and writes the results page. */
export async function recordResults(results: readonly Result[]): Promise<void> {
  const kept = new Map(byCase(JSON.parse(await readFile(DATA, 'utf8').catch(orNone)) as readonly Result[]))
  for (const [name, group] of byCase(results)) kept.set(name, group)
  const all = [...kept.keys()].sort().flatMap((name) => kept.get(name) ?? [])
  await writeFile(DATA, `${JSON.stringify(all, undefined, 2)}\n`)
  await writeFile(PAGE, resultsPage(all))
}

/** The file does not exist before the first recording. */
function orNone(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return '[]'
  throw error
}
