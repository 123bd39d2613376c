import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { merge } from '../results.ts'
import type { CaseResult } from '../results.ts'
import { suites } from '../suites.ts'
import { chart } from './chart.ts'
import { resultsPage } from './results-page.ts'
import { withFigures } from './scaling-figures.ts'

const DATA = new URL('../../results.json', import.meta.url)
const PAGE = new URL('../../RESULTS.md', import.meta.url)
const CHARTS = new URL('../../charts/', import.meta.url)
const SCALING = new URL('../../../../docs/scaling.md', import.meta.url)

/** The recorded results; empty without any. */
export async function readRecorded(): Promise<readonly CaseResult[]> {
  return JSON.parse(await readFile(DATA, 'utf8').catch(orNone)) as readonly CaseResult[]
}

/** Replaces the results of the same cases, and writes all pages and charts again. */
export async function record(fresh: readonly CaseResult[]): Promise<void> {
  const all = merge(await readRecorded(), fresh)
  await writeFile(DATA, `${JSON.stringify(all, undefined, 2)}\n`)
  await writeFile(PAGE, resultsPage(all))
  await writeFile(SCALING, withFigures(await readFile(SCALING, 'utf8'), all))
  await mkdir(CHARTS, { recursive: true })
  for (const { suite, cases } of suites.map(({ name, cases }) => ({ suite: name, cases })))
    for (const one of cases) {
      const result = all.find((found) => found.suite === suite && found.case === one.name)
      const svg = result && chart(one, result)
      if (svg !== undefined) await writeFile(new URL(`${suite}-${one.name}.svg`, CHARTS), svg)
    }
}

function orNone(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return '[]'
  throw error
}
