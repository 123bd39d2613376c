export interface Kill {
  readonly at: number
  /** The signal and the worker, or another event that the scenario counts. */
  readonly what: string
  /** Undefined: the event did not concern one worker alone. */
  readonly worker?: string | undefined
  /** The committed offset by partition, as known at that time. */
  readonly committed: ReadonlyMap<number, number>
  /** The number of records written and not committed. */
  readonly uncommitted: number
  /** Whether the group lagged and had committed since the last kill. Otherwise the kill proves nothing. */
  readonly counted: boolean
}

/** Collects the kills of a run. `sent` is the sum over all partitions. */
export function killCount() {
  const all: Kill[] = []
  let last = 0
  return {
    all: all as readonly Kill[],
    add({ sent, ...kill }: Omit<Kill, 'uncommitted' | 'counted'> & { sent: number }): Kill {
      const committed = [...kill.committed.values()].reduce((sum, offset) => sum + offset, 0)
      const uncommitted = Math.max(0, sent - committed)
      const added = { ...kill, uncommitted, counted: uncommitted > 0 && committed > last }
      last = committed
      all.push(added)
      return added
    },
  }
}
