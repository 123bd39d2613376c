import type { TopicPartition, TopicPartitionOffset } from '../../driver/driver.ts'
import { partitionKey } from '../../driver/topic-partition.ts'
import type { RebalanceListener } from './owned-partitions.ts'
import type { Ownership } from './ownership.ts'

/**
 * How long it may take to give up partitions in a rebalance, in ms. The next owner would have to wait for the same
 * transactions.
 */
const REVOKED_PATIENCE_MS = 2000
/** How long it may take when the member leaves, in ms. */
const CLOSE_PATIENCE_MS = 500

/** A listener that learns of partitions once no transaction is pending on their offsets. */
export interface ClaimListener extends Pick<RebalanceListener, 'revoked'> {
  /** Commits under the name of this owner. @param committed the committed offsets of those partitions that have one */
  assigned(partitions: readonly TopicPartition[], committed: readonly TopicPartitionOffset[]): Promise<void>
}

/** The listener of a member that commits offsets in transactions, with the partitions that it owns. */
export interface Claims extends RebalanceListener {
  /** Gives up all partitions, before the member leaves in order. Never rejects. */
  release(): Promise<void>
}

/**
 * The listener of a member that commits offsets in transactions. It takes partitions over from other owners, which may have to
 * wait for their transactions, and then reports all partitions of one assignment to `listener` in one call. The membership does
 * not wait for that: it goes on rebalancing, and reading its other partitions. A partition that the member loses before the
 * call is never reported.
 */
export function claims(options: {
  readonly listener: ClaimListener
  readonly ownership: Pick<Ownership, 'takeOver' | 'release'>
  /** Called with the error after which the member cannot go on. */
  readonly fail: (error: unknown) => void
}): Claims {
  const { listener, ownership, fail } = options
  const owned = new Map<string, TopicPartition>()
  /** The partitions that are being taken over, each with its assignment. */
  const claiming = new Map<string, readonly TopicPartition[]>()
  /** Settles when the calls of `assigned` so far have ended: they run one after another. */
  let telling: Promise<unknown> = Promise.resolve()

  async function claim(assignment: readonly TopicPartition[]): Promise<void> {
    const wanted = () => assignment.filter((at) => claiming.get(partitionKey(at)) === assignment)
    const committed = assignment.length === 0 ? [] : await ownership.takeOver(wanted)
    if (committed === undefined) return
    const told = telling.then(async () => {
      const ready = wanted()
      if (ready.length < Math.min(assignment.length, 1)) return
      for (const at of ready) {
        claiming.delete(partitionKey(at))
        owned.set(partitionKey(at), at)
      }
      await listener.assigned(ready, committed)
    })
    telling = told.catch(() => {})
    await told
  }

  return {
    async assigned(partitions) {
      for (const at of partitions) claiming.set(partitionKey(at), partitions)
      claim(partitions).catch(fail)
    },
    async revoked(partitions, reason) {
      const told = partitions.filter((at) => !claiming.delete(partitionKey(at)))
      await telling
      if (told.length === 0) return
      await listener.revoked(told, reason)
      for (const at of told) owned.delete(partitionKey(at))
      if (reason === 'revoked') await ownership.release(told, REVOKED_PATIENCE_MS)
    },
    release: () => ownership.release([...owned.values()], CLOSE_PATIENCE_MS),
  }
}
