import type { Result } from './verdict.ts'

const COLUMNS: readonly (readonly [title: string, of: (result: Result) => string])[] = [
  ['case', (result) => result.case],
  ['driver', ({ driver }) => driver],
  ['seed', ({ seed }) => `${seed}`],
  ['kills', ({ killsCounted, kills }) => `${killsCounted}/${kills}`],
  ['produced', ({ produced }) => `${produced}`],
  ['handled', ({ handled }) => `${handled}`],
  ['lost', ({ lost }) => `${lost}`],
  ['duplicated', ({ duplicated }) => `${duplicated}`],
  ['out of order', ({ outOfOrder }) => `${outOfOrder}`],
  ['overlap', ({ overlapping, unexplained }) => `${overlapping}/${unexplained}`],
  ['rebalances', ({ rebalances }) => `${rebalances}`],
  ['longest stall', ({ longestStallMs }) => seconds(longestStallMs)],
  ['of a partition', ({ partitionStallMs }) => seconds(partitionStallMs)],
  ['of its own', ({ ownStallMs }) => seconds(ownStallMs)],
  ['recovery', ({ recoveryMs }) => seconds(recoveryMs)],
  ['of a reader', ({ readerStallMs: ms }) => (ms === undefined ? '' : seconds(ms))],
  ['', ({ broken }) => (broken.length === 0 ? 'ok' : 'BROKEN')],
]

/** The results as a table, followed by the broken promises. */
export function reportTable(results: readonly Result[]): string {
  const rows = [COLUMNS.map(([title]) => title), ...results.map((result) => COLUMNS.map(([, of]) => of(result)))]
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
  const broken = results.flatMap((result) =>
    result.broken.map((what) => `${result.case} ${result.driver}, seed ${result.seed}: ${what}`),
  )
  return [...lines, ...(broken.length > 0 ? ['', 'broken:', ...broken] : [])].join('\n')
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
