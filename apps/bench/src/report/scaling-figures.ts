import { spreadOf } from '../figures.ts'
import type { CaseResult } from '../results.ts'
import { nameOf } from '../results.ts'
import { suites } from '../suites.ts'
import { DEFAULT_COLUMNS, columnOf } from './columns.ts'

/** The part of the cores to plan with: the rest is for peaks, and for the load of a machine that fails. */
const SHARE_USED = 0.6
const CORES_A_MACHINE = 16
const TARGETS = [1e6, 10e6, 100e6]
const PIPELINE = { suite: 'pipeline', case: 'json', contestant: 'Topic over kafkats' }

/** Replaces every block between `<!-- figures NAME -->` and `<!-- /figures -->` of a page by the recorded figures. */
export function withFigures(page: string, results: readonly CaseResult[]): string {
  return page.replaceAll(
    /(<!-- figures ([\w/-]+) -->\n)[^]*?(<!-- \/figures -->)/g,
    (_, before: string, name: string, after: string) => `${before}\n${figures(name, results).join('\n')}\n\n${after}`,
  )
}

function figures(name: string, results: readonly CaseResult[]): readonly string[] {
  const source = name === 'machines' ? nameOf(PIPELINE) : name
  const result = results.find((one) => nameOf(one) === source)
  if (result === undefined) return [`Not measured yet: \`npm run bench -- full ${source} --record\`.`]
  return name === 'machines' ? machines(result) : table(result)
}

function table(result: CaseResult): readonly string[] {
  const one = suites.find(({ name }) => name === result.suite)?.cases.find(({ name }) => name === result.case)
  const columns = one?.columns ?? DEFAULT_COLUMNS
  const rows = result.contestants
    .filter(({ rounds }) => rounds.length > 0)
    .map(({ name, rounds }) => {
      const cells = columns.map((figure) => {
        const spread = spreadOf(rounds, figure)
        return spread === undefined ? '' : columnOf(figure).show(spread.median)
      })
      return `| ${name} | ${cells.join(' | ')} |`
    })
  const titles = columns.map((figure) => columnOf(figure).title)
  return [`| | ${titles.join(' | ')} |`, `| --- |${' ---: |'.repeat(columns.length)}`, ...rows]
}

/** The number of cores, from the CPU time of one message. */
function machines(result: CaseResult): readonly string[] {
  const rounds = result.contestants.find(({ name }) => name === PIPELINE.contestant)?.rounds ?? []
  const cpuPerMillion = spreadOf(rounds, 'cpuPerMillion')?.median
  if (cpuPerMillion === undefined) return [`Not measured where it ran: ${nameOf(PIPELINE)} of ${PIPELINE.contestant}.`]
  const rows = TARGETS.map((rate) => {
    const cores = Math.ceil(((rate / 1e6) * cpuPerMillion) / SHARE_USED)
    const count = Math.ceil(cores / CORES_A_MACHINE)
    return `| ${rate / 1e6}M records/s | ${cores.toLocaleString('en-US')} | ${count.toLocaleString('en-US')} |`
  })
  return [
    `Computed, not run: a million messages took ${cpuPerMillion.toFixed(2)} s of CPU time (${nameOf(PIPELINE)}, ${PIPELINE.contestant}, ${result.machine.processor}).`,
    '',
    `| | cores, ${SHARE_USED * 100} % of them in use | machines of ${CORES_A_MACHINE} cores |`,
    '| --- | ---: | ---: |',
    ...rows,
  ]
}
