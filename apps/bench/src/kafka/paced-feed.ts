import { setTimeout as sleep } from 'node:timers/promises'

export interface FeedOptions {
  readonly from: number
  readonly to: number
  /** A second. */
  readonly rate: number
  readonly signal: AbortSignal
  send(i: number): Promise<void>
}

const TICK_MS = 1

/**
 * Sends at a steady rate, and does not wait for acknowledgements. The clock determines the number of messages that are due, so
 * a late tick also sends those that it missed. Resolves when all messages are acknowledged.
 */
export async function feed({ from, to, rate, signal, send }: FeedOptions): Promise<void> {
  const started = performance.now()
  const open = new Set<Promise<void>>()
  for (let next = from; next < to; await sleep(TICK_MS)) {
    signal.throwIfAborted()
    const due = Math.min(to, from + Math.ceil(((performance.now() - started) / 1000) * rate))
    for (; next < due; next++) {
      const sent: Promise<void> = send(next).finally(() => open.delete(sent))
      open.add(sent)
    }
  }
  await Promise.all(open)
}
