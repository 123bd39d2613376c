import { isHandover } from './handover.ts'

/** One call of a worker's handler, on the clock that all processes share. */
export interface Handling {
  readonly worker: string
  readonly partition: number
  readonly offset: number
  readonly start: number
  /** Undefined: the worker was gone, or has not got there, before the handler ended. */
  readonly end: number | undefined
}

/** A line of a worker's log. One without an end says that handling begins; the one with it follows. */
export function handlingLine(partition: number, offset: number, start: number, end?: number): string {
  return `${partition} ${offset} ${start.toFixed(3)}${end === undefined ? '' : ` ${end.toFixed(3)}`}\n`
}

/** What a worker has logged so far. A line that it was killed in the middle of is left out: it was not said. */
export function parseHandlings(worker: string, log: string): readonly Handling[] {
  const found: Handling[] = []
  /** Where in `found` a handling is that has not ended, by its line. */
  const open = new Map<string, number>()
  for (const line of log.slice(0, log.lastIndexOf('\n') + 1).split('\n')) {
    if (line === '' || isHandover(line)) continue
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
