export interface Kill {
  readonly at: number
  /** Which worker and how, or whatever else happened. */
  readonly what: string
  /** Undefined: it did not happen to one worker. */
  readonly worker?: string | undefined
  /** The offset to go on from, by partition, as far as it was known then. */
  readonly committed: ReadonlyMap<number, number>
  /** How many records had been written and not been committed. */
  readonly uncommitted: number
  /** Whether there was lag, and progress since the last one: else it proves nothing. */
  readonly counted: boolean
}

/** Keeps the kills of a run. `sent` is a sum over all partitions. */
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
