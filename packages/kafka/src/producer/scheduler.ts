import type { Host } from '@snapstream/core'
import type { Accumulator, PartitionQueue } from './accumulator.ts'
import type { Delivery } from './delivery.ts'

/**
 * How long, in ms, a small request waits for the answer to the last one. Records that are written meanwhile go with it. A
 * broker answers the requests of a connection one after another, so many small requests would wait for each other there.
 */
const COALESCE_MS = 5
/** A request of this size or more does not wait. */
const LARGE_BYTES = 32 * 1024
/** A batch of this size or more is sent alone: the broker appends it while the next one is encoded. */
const ALONE_BYTES = 256 * 1024

/** The state of a partition. A partition without a phase has nothing to send. */
type Phase =
  /** Waits for more records, or for the next attempt. */
  | { readonly name: 'lingering' | 'backing off'; readonly cancel: () => void }
  /** Its first batch is part of the next request. */
  | { readonly name: 'ready' }
  /** Its first batch is part of a request in flight. Only one at a time, to keep records in order. */
  | { readonly name: 'in flight' }

const READY: Phase = { name: 'ready' }
const IN_FLIGHT: Phase = { name: 'in flight' }

/** Decides when the first batch of each partition is sent, and with which others in one request. */
export interface Scheduler {
  /** A batch of the partition began or became due: it is sent as soon as it may be. */
  wake(queue: PartitionQueue): void
  /** Calls `wake` for every partition, because the buffer is full. */
  wakeAll(): void
  /** Cancels all timers, and sends no other request. */
  stop(): void
}

export interface SchedulerOptions {
  readonly accumulator: Accumulator
  readonly delivery: Delivery
  readonly lingerMs: number
  readonly maxRequestBytes: number
  readonly host: Pick<Host, 'monotonic' | 'setTimeout'>
}

export function createScheduler({
  accumulator,
  delivery,
  lingerMs,
  maxRequestBytes,
  host,
}: SchedulerOptions): Scheduler {
  /** The phases of partitions, in the order in which they entered them. */
  const phases = new Map<PartitionQueue, Phase>()
  /** The next request: scheduled in a microtask, or waiting for the last one with a timer. */
  const next: { isScheduled: boolean; cancelWait: (() => void) | undefined } = {
    isScheduled: false,
    cancelWait: undefined,
  }
  /** The request that was sent last, until it is answered. */
  let last: { readonly sentAt: number } | undefined
  let stopped = false

  function enter(queue: PartitionQueue, phase: Phase | undefined): void {
    const left = phases.get(queue)
    if (left !== undefined && 'cancel' in left) left.cancel()
    phases.delete(queue)
    if (phase !== undefined) phases.set(queue, phase)
  }

  function wake(queue: PartitionQueue): void {
    const phase = phases.get(queue)
    if (stopped || queue.first === undefined || (phase !== undefined && phase.name !== 'lingering')) return
    const waitMs = lingerLeftMs(queue)
    if (waitMs <= 0) {
      enter(queue, READY)
      scheduleRequest()
    } else if (phase === undefined) wait(queue, 'lingering', waitMs)
  }

  function lingerLeftMs(queue: PartitionQueue): number {
    if (lingerMs === 0 || queue.isDue || accumulator.buffer.room !== undefined) return 0
    return (queue.first?.createdAt ?? 0) + lingerMs - host.monotonic()
  }

  function wait(queue: PartitionQueue, name: 'lingering' | 'backing off', ms: number): void {
    const end = () => {
      enter(queue, undefined)
      // A timer may fire a little early by the monotonic clock. The partition then lingers again.
      wake(queue)
    }
    enter(queue, { name, cancel: host.setTimeout(end, Math.max(1, ms)) })
  }

  /** Schedules a microtask, so that records written in one turn share a request, whatever their partitions. */
  function scheduleRequest(): void {
    if (next.isScheduled) return
    next.isScheduled = true
    queueMicrotask(() => {
      next.isScheduled = false
      const ready = readyQueues()
      if (ready.length === 0) return
      const waitMs = last === undefined || isLarge(ready) ? 0 : last.sentAt + COALESCE_MS - host.monotonic()
      if (waitMs <= 0) sendAll(ready)
      else
        next.cancelWait ??= host.setTimeout(() => {
          next.cancelWait = undefined
          scheduleRequest()
        }, waitMs)
    })
  }

  function readyQueues(): PartitionQueue[] {
    const ready: PartitionQueue[] = []
    for (const [queue, phase] of phases) if (phase.name === 'ready') ready.push(queue)
    return ready
  }

  function sendAll(ready: readonly PartitionQueue[]): void {
    next.cancelWait?.()
    next.cancelWait = undefined
    for (const request of requestsOf(ready, maxRequestBytes)) void send(request)
  }

  async function send(request: readonly PartitionQueue[]): Promise<void> {
    const sent = { sentAt: host.monotonic() }
    last = sent
    for (const queue of request) enter(queue, IN_FLIGHT)
    const backoffs = await delivery.send(request)
    if (stopped) return
    if (last === sent) last = undefined
    for (const queue of request) {
      const backoffMs = backoffs.get(queue)
      if (backoffMs !== undefined) wait(queue, 'backing off', backoffMs)
      else {
        enter(queue, undefined)
        wake(queue)
      }
    }
    // Batches that waited for this answer are sent now.
    scheduleRequest()
  }

  return {
    wake,
    wakeAll() {
      for (const queue of accumulator.queues) wake(queue)
    },
    stop() {
      stopped = true
      for (const queue of phases.keys()) enter(queue, undefined)
      next.cancelWait?.()
      next.cancelWait = undefined
    },
  }
}

function isLarge(queues: readonly PartitionQueue[]): boolean {
  let bytes = 0
  for (const { first } of queues) bytes += first?.bytes ?? 0
  return bytes >= LARGE_BYTES
}

/** Groups the queues in order, so that the first batches of a group fit into one request. A large batch goes alone. */
function requestsOf(queues: readonly PartitionQueue[], maxRequestBytes: number): PartitionQueue[][] {
  const requests: PartitionQueue[][] = []
  let room = 0
  for (const queue of queues) {
    const bytes = queue.first?.bytes ?? 0
    const request = requests.at(-1)
    const isAlone = bytes >= ALONE_BYTES
    if (request === undefined || isAlone || bytes > room) {
      requests.push([queue])
      room = isAlone ? 0 : maxRequestBytes - bytes
    } else {
      request.push(queue)
      room -= bytes
    }
  }
  return requests
}
