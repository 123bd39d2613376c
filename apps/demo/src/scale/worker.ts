import type { App, Lane } from '@snapstream/core'

/** A process, or an app in this process, that counts the orders of its partitions. */
export interface Worker {
  readonly name: string
  readonly partitions: ReadonlySet<number>
  /** The error with which it ended by itself. */
  readonly failure: string | undefined
  /** Returns the number of writes that it has restored from the changelog since the last call. */
  takeRestored(): number
  /** Ends it without any further request to the broker, as SIGKILL does. */
  kill(): Promise<void>
  /** Ends it gracefully: what it has handled is committed, and its partitions are given up. */
  stop(): Promise<void>
}

export type WorkerEvent =
  | { readonly kind: 'assigned' | 'revoked'; readonly partitions: readonly number[] }
  | { readonly kind: 'restored'; readonly partition: number; readonly done: number }

/** Reports the events of an app that concern its partitions. */
export function watchPartitions(app: App<{}>, report: (event: WorkerEvent) => void): void {
  app.on('assigned', ({ lanes }) => report({ kind: 'assigned', partitions: lanes.map(partitionOf) }))
  app.on('revoked', ({ lanes }) => report({ kind: 'revoked', partitions: lanes.map(partitionOf) }))
  app.on('restore', ({ partition, done }) => report({ kind: 'restored', partition, done }))
}

/** The lane of a partition is `<topic>/<partition>`. */
const partitionOf = (lane: Lane) => Number(String(lane).split('/').at(-1))

/** Keeps the partitions of a worker, and the writes that it restored, by its events. */
export function trackPartitions(): Pick<Worker, 'partitions' | 'takeRestored'> & { apply(event: WorkerEvent): void } {
  const partitions = new Set<number>()
  let restored = 0
  /** By partition, the writes of the current restore that are in `restored`. */
  const current = new Map<number, number>()
  return {
    partitions,
    takeRestored() {
      const taken = restored
      restored = 0
      return taken
    },
    apply(event) {
      if (event.kind === 'restored') {
        const { partition, done } = event
        restored += Math.max(0, done - (current.get(partition) ?? 0))
        current.set(partition, done)
        return
      }
      for (const partition of event.partitions) {
        if (event.kind === 'assigned') partitions.add(partition)
        else partitions.delete(partition)
        current.delete(partition)
      }
    },
  }
}
