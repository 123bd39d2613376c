import stringWidth from 'string-width'
import { forLine } from '../for-terminal.ts'
import type { Printer } from './printer.ts'

const BETWEEN_COLUMNS = '  '

/** So many rows are written at once, at the latest after this time: the first are seen before the last are known. */
const ROWS = 100
const WAIT_MS = 250

/** A number stands on the right. */
type Cell = string | number

/** Rows under their names, without lines. */
export interface Table {
  /** A promise means: full, wait. */
  row(...cells: readonly Cell[]): void | Promise<void>
  /** Writes what has not been written. Without a row nothing is written at all. */
  end(): void
}

/**
 * Writes rows as they come, some at a time. A column is as wide as what was written in it by then, so it may grow on the
 * way. A cell stays on its line and steers no terminal.
 */
export function createTable(names: readonly string[], printer: Printer): Table {
  const widths = names.map((name) => stringWidth(name))
  let isNumber: readonly boolean[] | undefined
  let rows: (readonly Cell[])[] = []
  let timer: NodeJS.Timeout | undefined

  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => {
        const space = ' '.repeat(Math.max(0, (widths[column] ?? 0) - stringWidth(cell)))
        return isNumber?.[column] ? space + cell : cell + space
      })
      .join(BETWEEN_COLUMNS)
      .trimEnd()

  function write(): void | Promise<void> {
    clearTimeout(timer)
    timer = undefined
    if (rows.length === 0) return undefined
    const lines = rows.map((row) => row.map((cell) => forLine(String(cell))))
    for (const cells of lines)
      for (const [column, cell] of cells.entries()) widths[column] = Math.max(widths[column] ?? 0, stringWidth(cell))
    const isFirst = isNumber === undefined
    // A number that is not known is a dash.
    isNumber ??= names.map((_, column) => {
      const cells = rows.map((row) => row[column])
      return (
        cells.some((cell) => typeof cell === 'number') &&
        cells.every((cell) => typeof cell === 'number' || cell === '-')
      )
    })
    rows = []
    const body = lines.map((cells) => `${line(cells)}\n`).join('')
    return isFirst ? printer.write({ text: line(names), style: 'dim' }, `\n${body}`) : printer.write(body)
  }

  return {
    row(...cells) {
      rows.push(cells)
      timer ??= setTimeout(() => void write(), WAIT_MS)
      return rows.length >= ROWS ? write() : undefined
    },
    end: () => void write(),
  }
}
