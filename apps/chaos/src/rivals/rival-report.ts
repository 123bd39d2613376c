import type { Delivery } from '../judge/delivery.ts'
import type { Stalls } from '../judge/stalls.ts'

export interface RivalFigures extends Omit<Delivery, 'lost'>, Stalls {
  readonly rival: string
  readonly seed: number
  readonly rate: number
  readonly kills: number
  /** Records that are committed but not in the output. */
  readonly lost: number
  /** Records that were neither committed nor in the output at the end of the run. */
  readonly unread: number
  /** The number of workers that ended by themselves. */
  readonly crashes: number
  /** The number of records that were not committed when the load ended. */
  readonly behind: number
  /** The longest time without a record of a key for a `read_committed` reader of the output, in ms. */
  readonly readerStallMs: number
}

const COLUMNS: readonly (readonly [title: string, of: (figures: RivalFigures) => string])[] = [
  ['library', ({ rival }) => rival],
  ['kills', ({ kills }) => `${kills}`],
  ['produced', ({ produced }) => `${produced}`],
  ['lost', ({ lost }) => `${lost}`],
  ['unread', ({ unread }) => `${unread}`],
  ['duplicated', ({ duplicated }) => `${duplicated}`],
  ['out of order', ({ outOfOrder }) => `${outOfOrder}`],
  ['crashes', ({ crashes }) => `${crashes}`],
  ['behind', ({ behind }) => `${behind}`],
  ['longest stall', ({ longestMs }) => seconds(longestMs)],
  ['of a partition', ({ partitionMs }) => seconds(partitionMs)],
  ['recovery', ({ recoveryMs }) => seconds(recoveryMs)],
  ['of a reader', ({ readerStallMs }) => seconds(readerStallMs)],
]

export function rivalTable(all: readonly RivalFigures[]): string {
  const rows = [COLUMNS.map(([title]) => title), ...all.map((figures) => COLUMNS.map(([, of]) => of(figures)))]
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const pad = (cell: string, column: number) => {
    const width = widths[column] ?? 0
    return column === 0 ? cell.padEnd(width) : cell.padStart(width)
  }
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n')
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
