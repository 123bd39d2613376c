/** A worker starts to give up a partition, or has lost it. */
export interface Handover {
  readonly worker: string
  readonly partition: number
  readonly at: number
  /** That of the event `revoked`. */
  readonly reason: HandoverReason
}

export type HandoverReason = 'revoked' | 'lost'

const MARK = '-'

/** A line of a worker's log, between the lines of its handlings. */
export function handoverLine(partition: number, at: number, reason: HandoverReason): string {
  return `${MARK} ${partition} ${at.toFixed(3)} ${reason}\n`
}

const NOTE = '#'

/** A line of a worker's log for those who look for the cause of a broken promise. The judge ignores it. */
export function noteLine(text: string, at: number): string {
  return `${NOTE} ${at.toFixed(3)} ${text.replaceAll('\n', ' ')}\n`
}

/** Whether a line of a worker's log is no line of a handling. */
export const isOther = (line: string): boolean => line.startsWith(NOTE) || isHandover(line)

const isHandover = (line: string): boolean => line.startsWith(MARK)

export function parseHandovers(worker: string, log: string): readonly Handover[] {
  return log
    .slice(0, log.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(isHandover)
    .map((line) => {
      const [, partition, at, reason] = line.split(' ')
      return { worker, partition: Number(partition), at: Number(at), reason: reason as HandoverReason }
    })
}
