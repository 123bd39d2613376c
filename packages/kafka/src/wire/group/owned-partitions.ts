import type { TopicPartition } from '../../driver/driver.ts'
import { partitionKey } from '../../driver/partition-key.ts'
import type { WakeUps } from '../wake-ups.ts'
import { within } from '../with-timeout.ts'

/** What is a member's at the moment, and telling those who handle it. */
export interface MemberPartitions {
  all(): readonly TopicPartition[]
  has(at: TopicPartition): boolean
  /** Of these, what is owned now: answers later which of that is owned still, without a break. */
  hold<T extends TopicPartition>(partitions: readonly T[]): () => T[]
  /** Tells of partitions that it gets beside those it has. */
  take(partitions: readonly TopicPartition[]): Promise<void>
  /** Resolves when everything that was begun for them is over, when they are lost, or `onLate` was called and has settled. */
  handOver(partitions: readonly TopicPartition[], reason: 'revoked' | 'lost'): Promise<void>
  /** Others have everything already. Those who are still being told of something, or hand it over, are told as well. */
  lose(): void
  /** Everything was lost, and somebody may not know yet. */
  isLost(): boolean
  /** Resolves when everybody knows of the loss, if there was one. */
  toldOfLoss(): Promise<void>
}

export function memberPartitions(options: {
  readonly assigned: (partitions: readonly TopicPartition[]) => Promise<void>
  readonly revoked: (partitions: readonly TopicPartition[], reason: 'revoked' | 'lost') => Promise<void>
  /** Called when handing over takes longer than that. */
  readonly lateMs: number
  readonly onLate: () => Promise<void>
  /** Woken when something is owned no more. */
  readonly changes: WakeUps
  /** Aborted when nobody needs to be told of anything any more; `changes` are woken then. */
  readonly signal: AbortSignal
}): MemberPartitions {
  const { assigned, revoked, lateMs, onLate, changes, signal } = options
  /** Who gets a partition back has another object for it. */
  const owned = new Map<string, TopicPartition>()
  let assigning: Promise<unknown> = Promise.resolve()
  let handing: Promise<unknown> = Promise.resolve()
  /** Settles when everybody knows that everything is lost. */
  let lost: Promise<unknown> | undefined

  const get = (at: TopicPartition) => owned.get(partitionKey(at))

  function drop(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) if (get(at) === at) owned.delete(partitionKey(at))
    changes.wake()
  }

  return {
    all: () => [...owned.values()],
    has: (at) => get(at) !== undefined,
    hold(partitions) {
      const tokens = partitions.map(get)
      return () => partitions.filter((at, i) => tokens[i] !== undefined && get(at) === tokens[i])
    },
    async take(partitions) {
      for (const at of partitions) owned.set(partitionKey(at), at)
      assigning = assigned(partitions)
      await assigning
    },
    async handOver(partitions, reason) {
      if (partitions.length === 0 || signal.aborted) return
      if (reason === 'lost') drop(partitions)
      const done = revoked(partitions, reason)
      handing = done
      let over = false
      const gaveUp = () => over || lost !== undefined || signal.aborted
      const inTime = await within(lateMs, Promise.race([done, changes.until(gaveUp)]))
      if (!inTime && !gaveUp()) await onLate()
      over = true
      drop(partitions)
    },
    lose() {
      const partitions = [...owned.values()]
      lost = Promise.allSettled([lost, assigning]).then(() =>
        Promise.all([handing, partitions.length > 0 && revoked(partitions, 'lost')]),
      )
      // Who waits for it hears of its failure.
      lost.catch(() => {})
      drop(partitions)
    },
    isLost: () => lost !== undefined,
    async toldOfLoss() {
      while (lost !== undefined && !signal.aborted) {
        const told = lost
        await Promise.race([told, changes.until(() => lost !== told || signal.aborted)])
        if (lost === told) lost = undefined
        changes.wake()
      }
    },
  }
}
