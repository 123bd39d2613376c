/** A worker starts to give up a partition, or has lost it. */
export interface Handover {
  readonly worker: string
  readonly partition: number
  readonly at: number
}

const MARK = '-'

/** A line of a worker's log, between the lines of its handlings. */
export function handoverLine(partition: number, at: number): string {
  return `${MARK} ${partition} ${at.toFixed(3)}\n`
}

export const isHandover = (line: string): boolean => line.startsWith(MARK)

export function parseHandovers(worker: string, log: string): readonly Handover[] {
  return log
    .slice(0, log.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(isHandover)
    .map((line) => {
      const [, partition, at] = line.split(' ')
      return { worker, partition: Number(partition), at: Number(at) }
    })
}
