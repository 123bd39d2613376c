import { cpus, totalmem } from 'node:os'
import process from 'node:process'
import { byCase } from './summary.ts'
import type { Result } from './verdict.ts'

type Column = readonly [title: string, of: (results: readonly Result[]) => string]

const COLUMNS: readonly Column[] = [
  ['case', ([first]) => first?.case ?? ''],
  ['driver', ([first]) => first?.driver ?? ''],
  ['runs', (results) => `${results.length}`],
  ['length', ([first]) => `${first?.seconds ?? 0} s`],
  ['records a second', ([first]) => `${first?.rate ?? 0}`],
  ['kills', (results) => `${sum(results, ({ killsCounted }) => killsCounted)}`],
  ['handled', (results) => `${sum(results, ({ handled }) => handled)}`],
  ['lost', (results) => `${sum(results, ({ lost }) => lost)}`],
  ['out of order', (results) => `${sum(results, ({ outOfOrder }) => outOfOrder)}`],
  ['duplicated', (results) => range(results, ({ duplicated }) => duplicated)],
  ['longest stall', (results) => seconds(results, ({ longestStallMs }) => longestStallMs)],
  ['of its own', (results) => seconds(results, ({ ownStallMs }) => ownStallMs)],
  ['recovery', (results) => seconds(results, ({ recoveryMs }) => recoveryMs)],
  [
    'of a reader',
    (results) => (results[0]?.readerStallMs === undefined ? '' : seconds(results, (one) => one.readerStallMs ?? 0)),
  ],
  [
    'counted twice',
    (results) => (results[0]?.countedTwice === undefined ? '' : range(results, (one) => one.countedTwice ?? 0)),
  ],
  ['seeds', (results) => results.map(({ seed }) => seed).join(', ')],
  ['broken', (results) => `${results.filter(({ broken }) => broken.length > 0).length}`],
]

/** The results as Markdown: one row per case and driver over all of its runs. */
export function resultsPage(results: readonly Result[]): string {
  const rows = [...byCase(results).values()].map((group) => COLUMNS.map(([, of]) => of(group)))
  const broken = results.flatMap((result) =>
    result.broken.map((what) => `- ${result.case} ${result.driver}, seed ${result.seed}: ${what}`),
  )
  const [cpu] = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  return [
    '# Bad days, measured',
    '',
    'Made by `npm run chaos -- --record`. What each case does is in `npm run chaos -- --help`, what the figures mean in ' +
      '[docs/delivery.md](../../docs/delivery.md).',
    '',
    `${cpu?.model ?? 'Unknown processor'}, ${cpus().length} cores for brokers, load, workers and judge; ${memory} GiB; ` +
      `Node ${process.versions.node} on ${process.platform}.`,
    '',
    `| ${COLUMNS.map(([title]) => title).join(' | ')} |`,
    `| ${COLUMNS.map((_, i) => (i < 2 ? '---' : '---:')).join(' | ')} |`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
    ...(broken.length > 0 ? ['Promises that were broken:', '', ...broken, ''] : []),
  ].join('\n')
}

const sum = (results: readonly Result[], of: (result: Result) => number) =>
  results.reduce((total, result) => total + of(result), 0)

function range(results: readonly Result[], of: (result: Result) => number): string {
  const all = results.map(of)
  const [least, most] = [Math.min(...all), Math.max(...all)]
  return least === most ? `${most}` : `${least} - ${most}`
}

const seconds = (results: readonly Result[], of: (result: Result) => number) =>
  `${(Math.max(...results.map(of)) / 1000).toFixed(1)} s`
