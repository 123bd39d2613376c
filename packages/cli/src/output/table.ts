import CliTable from 'cli-table3'
import type { Paint } from './paint.ts'

const ACROSS = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
const BETWEEN = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle']
const NO_LINES = Object.fromEntries([...ACROSS, ...BETWEEN].map((name) => [name, '']))

/** Rows under their names, without lines; numbers stand on the right. */
export function table(names: readonly string[], rows: readonly (readonly (string | number)[])[], paint: Paint): string {
  const isNumber = (column: number) =>
    rows.some((row) => typeof row[column] === 'number') &&
    rows.every((row) => typeof row[column] === 'number' || row[column] === '-')
  const drawn = new CliTable({
    head: names.map((name) => paint('dim', name)),
    chars: NO_LINES,
    colAligns: names.map((_, column) => (isNumber(column) ? 'right' : 'left')),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  })
  drawn.push(...rows.map((row) => row.map(String)))
  return `${drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`
}
