import type { Host } from '@snapstream/core'
import type { PartitionQueue } from './partition-queue.ts'
import { requestsOf } from './requests-of.ts'

/**
 * So long, in ms, a small request waits for the answer to the last one, to take with it what comes meanwhile. A broker
 * answers the requests of a connection one after the other: many small ones would only wait for each other there.
 */
const TOGETHER_MS = 5
/** What is so large when it comes does not wait. */
const LARGE_BYTES = 32 * 1024

interface DispatcherOptions {
  readonly maxRequestBytes: number
  readonly host: Host
  /** Sends the first batches of these queues in one request. Resolves when it is answered; never rejects. */
  send(queues: readonly PartitionQueue[]): Promise<void>
}

/** Decides which partitions travel in one request, and when. */
export interface Dispatcher {
  /** Whether the queue is to be sent already. */
  has(queue: PartitionQueue): boolean
  /** Sends the first batch of the queue soon. */
  add(queue: PartitionQueue): void
  /** Nothing is waited for any more. */
  stop(): void
}

export function createDispatcher({ maxRequestBytes, host, send }: DispatcherOptions): Dispatcher {
  const ready = new Set<PartitionQueue>()
  let scheduled = false
  /** The request that was sent last, while it is not answered. */
  let last: { readonly since: number } | undefined
  let stopWaiting: (() => void) | undefined

  /** What is written in one go, and to other partitions, is to travel together. */
  function schedule(): void {
    if (scheduled || ready.size === 0) return
    scheduled = true
    queueMicrotask(() => {
      scheduled = false
      const waitMs = last !== undefined && isSmall() ? last.since + TOGETHER_MS - host.monotonic() : 0
      if (waitMs > 0) wait(waitMs)
      else sendReady()
    })
  }

  function isSmall(): boolean {
    let bytes = 0
    for (const { batches } of ready) bytes += batches[0]?.bytes ?? 0
    return bytes < LARGE_BYTES
  }

  function wait(ms: number): void {
    stopWaiting ??= host.setTimeout(() => {
      stopWaiting = undefined
      schedule()
    }, ms)
  }

  function sendReady(): void {
    stopWaiting?.()
    stopWaiting = undefined
    const all = [...ready]
    ready.clear()
    for (const request of requestsOf(all, maxRequestBytes)) void sendOne(request)
  }

  async function sendOne(request: readonly PartitionQueue[]): Promise<void> {
    const sent = { since: host.monotonic() }
    last = sent
    await send(request)
    if (last !== sent) return
    last = undefined
    schedule()
  }

  return {
    has: (queue) => ready.has(queue),
    add(queue) {
      ready.add(queue)
      schedule()
    },
    stop() {
      ready.clear()
      stopWaiting?.()
      stopWaiting = undefined
    },
  }
}
