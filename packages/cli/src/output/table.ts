import stringWidth from 'string-width'
import { forLine } from '../for-terminal.ts'
import type { Printer } from './printer.ts'

const BETWEEN_COLUMNS = '  '

/** Rows are written in blocks of this size, or after this time: the first appear before the last are known. */
const ROWS = 100
const WAIT_MS = 250

/** Numbers are aligned to the right. */
type Cell = string | number

/** A table of rows under column names. */
export interface Table {
  /** Returns a promise while the output is full: wait for it before the next row. */
  row(...cells: readonly Cell[]): void | Promise<void>
  /** Writes the remaining rows. A table without rows writes nothing. */
  end(): void
}

/**
 * Writes rows as they come, in blocks. A column has the width of its widest cell so far, so it may grow from block to block.
 * Cells stay on their line, and their control characters are escaped.
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
    // An unknown number is a dash.
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
