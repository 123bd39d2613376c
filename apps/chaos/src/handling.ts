import { isOther } from './handover.ts'

/** One call of a worker's handler, on the clock that all processes share. */
export interface Handling {
  readonly worker: string
  readonly partition: number
  readonly offset: number
  readonly start: number
  /** Undefined: the handler had not ended when the worker ended or the log was read. */
  readonly end: number | undefined
}

/** A line of a worker's log. A line without an end marks the start of a handling; the line with the end follows it. */
export function handlingLine(partition: number, offset: number, start: number, end?: number): string {
  return `${partition} ${offset} ${start.toFixed(3)}${end === undefined ? '' : ` ${end.toFixed(3)}`}\n`
}

/** The handlings in a worker's log. Ignores a last line that is incomplete because the worker was killed. */
export function parseHandlings(worker: string, log: string): readonly Handling[] {
  const found: Handling[] = []
  /** The index in `found` of each handling without an end, by its start line. */
  const open = new Map<string, number>()
  for (const line of log.slice(0, log.lastIndexOf('\n') + 1).split('\n')) {
    if (line === '' || isOther(line)) continue
    const [partition, offset, start, end] = line.split(' ')
    const begun = `${partition} ${offset} ${start}`
    const handling = {
      worker,
      partition: Number(partition),
      offset: Number(offset),
      start: Number(start),
      end: end === undefined ? undefined : Number(end),
    }
    const index = open.get(begun)
    if (end === undefined) open.set(begun, found.length)
    if (index === undefined) found.push(handling)
    else {
      found[index] = handling
      open.delete(begun)
    }
  }
  return found
}
