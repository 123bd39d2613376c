import { withTimeout } from '@snapstream/core/adapter'
import type { Condition } from '@snapstream/core/adapter'
import type { TopicPartition } from '../../driver/driver.ts'
import { partitionKey } from '../../driver/topic-partition.ts'

/** Learns which partitions come and go. Each call is awaited. */
export interface RebalanceListener {
  /** The member gets these partitions in addition to those that it owns; none if a rebalance left it without a partition. */
  assigned(partitions: readonly TopicPartition[]): Promise<void>
  /** `'revoked'`: the member owns the partitions until this settles. `'lost'`: another member owns them already. */
  revoked(partitions: readonly TopicPartition[], reason: 'revoked' | 'lost'): Promise<void>
}

/** The partitions that a member owns at the moment. Its listener learns of every change, in order. */
export interface OwnedPartitions {
  all(): readonly TopicPartition[]
  has(at: TopicPartition): boolean
  /**
   * Remembers which of these partitions are owned now. The function that it returns tells later which have been owned ever
   * since.
   */
  hold<T extends TopicPartition>(partitions: readonly T[]): () => T[]
  /** Adds partitions, and resolves when the listener knows. */
  assign(partitions: readonly TopicPartition[]): Promise<void>
  /**
   * Hands partitions over. Resolves with true when the listener is done with them, or need not be waited for: they were lost
   * meanwhile, or the member leaves. Resolves with false if it took longer than `limitMs`; they are still owned then.
   */
  revoke(partitions: readonly TopicPartition[], reason: 'revoked' | 'lost', limitMs: number): Promise<boolean>
  /**
   * Drops all partitions: other members own them already. The listener is told after the assignment in progress, if there is
   * one.
   */
  lose(): void
  /** Whether all partitions were lost and the listener may not know yet. */
  readonly isLost: boolean
  /** Resolves when the listener knows of the loss; at once if nothing was lost. */
  toldOfLoss(): Promise<void>
}

export function ownedPartitions(options: {
  readonly listener: RebalanceListener
  /** Woken when a partition is not owned any more. */
  readonly changes: Condition
  /** Aborted when the member leaves: the listener is not called any more. `changes` are woken then. */
  readonly signal: AbortSignal
}): OwnedPartitions {
  const { listener, changes, signal } = options
  /** A partition that comes back is another object, as it was not owned in between. */
  const owned = new Map<string, TopicPartition>()
  /** Calls of the listener that may be pending. */
  const telling: { assigned: Promise<unknown>; revoked: Promise<unknown>; loss: Promise<unknown> | undefined } = {
    assigned: Promise.resolve(),
    revoked: Promise.resolve(),
    loss: undefined,
  }

  const get = (at: TopicPartition) => owned.get(partitionKey(at))

  function drop(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) if (get(at) === at) owned.delete(partitionKey(at))
    changes.notify()
  }

  return {
    all: () => [...owned.values()],
    has: (at) => get(at) !== undefined,
    hold(partitions) {
      const held = partitions.map(get)
      return () => partitions.filter((at, i) => held[i] !== undefined && get(at) === held[i])
    },
    async assign(partitions) {
      for (const at of partitions) owned.set(partitionKey(at), at)
      telling.assigned = listener.assigned(partitions)
      await telling.assigned
    },
    async revoke(partitions, reason, limitMs) {
      if (partitions.length === 0 || signal.aborted) return true
      if (reason === 'lost') drop(partitions)
      const done = listener.revoked(partitions, reason)
      telling.revoked = done
      let over = false
      const isPointless = () => over || telling.loss !== undefined || signal.aborted
      const settled = Promise.race([done, changes.until(isPointless)]).then(() => true)
      const inTime = await withTimeout(settled, { ms: limitMs, late: () => false })
      if (!inTime && !isPointless()) return false
      over = true
      drop(partitions)
      return true
    },
    lose() {
      const partitions = [...owned.values()]
      const loss = Promise.allSettled([telling.loss, telling.assigned]).then(() =>
        Promise.all([telling.revoked, partitions.length > 0 && listener.revoked(partitions, 'lost')]),
      )
      // `toldOfLoss` rejects with what the listener throws.
      loss.catch(() => {})
      telling.loss = loss
      drop(partitions)
    },
    get isLost() {
      return telling.loss !== undefined
    },
    async toldOfLoss() {
      while (telling.loss !== undefined && !signal.aborted) {
        const { loss } = telling
        await Promise.race([loss, changes.until(() => telling.loss !== loss || signal.aborted)])
        if (telling.loss === loss) telling.loss = undefined
        changes.notify()
      }
    },
  }
}
