import type { OffsetAndMetadata, TopicPartition } from '../driver/driver.ts'
import { partitionKey } from '../driver/topic-partition.ts'
import type { Transaction, TransactionParticipant } from './transaction.ts'

/** The committed offsets of a group, and those that open transactions are about to commit. */
export interface CommittedOffsets extends TransactionParticipant {
  /** The last committed offset, whatever is pending. */
  get(at: TopicPartition): OffsetAndMetadata | undefined
  /** Whether an open transaction is about to commit an offset of the partition. */
  isPending(at: TopicPartition): boolean
  /** Commits an offset: at once, or when the transaction is committed. */
  commit(offset: OffsetAndMetadata, transaction?: Transaction): void
  /** Deletes the offsets of a topic. */
  forget(topic: string): void
  /** Deletes all offsets. */
  clear(): void
  /** Calls `onChange` whenever transactions have ended. Returns a function that stops it. */
  watch(onChange: () => void): () => void
}

/** An offset with its place in the order of all commits. */
interface Numbered extends OffsetAndMetadata {
  readonly order: number
}

export function committedOffsets(): CommittedOffsets {
  const committed = new Map<string, Numbered>()
  const pending = new Map<Transaction, Map<string, Numbered>>()
  const watchers = new Set<() => void>()
  let order = 0

  function all(): Map<string, Numbered>[] {
    return [committed, ...pending.values()]
  }

  return {
    get: (at) => committed.get(partitionKey(at)),
    isPending(at) {
      const key = partitionKey(at)
      return [...pending.values()].some((offsets) => offsets.has(key))
    },
    commit(offset, transaction) {
      let to = committed
      if (transaction !== undefined) {
        to = pending.get(transaction) ?? new Map<string, Numbered>()
        pending.set(transaction, to)
      }
      to.set(partitionKey(offset), { ...offset, order: order++ })
    },
    end(transaction) {
      const offsets = pending.get(transaction) ?? []
      pending.delete(transaction)
      if (transaction.outcome === 'committed')
        // As in Kafka, an offset that was committed after this one was added to the transaction stays.
        for (const [key, offset] of offsets)
          if (offset.order > (committed.get(key)?.order ?? -1)) committed.set(key, offset)
      for (const onChange of watchers) onChange()
    },
    forget(topic) {
      for (const offsets of all()) for (const [key, at] of offsets) if (at.topic === topic) offsets.delete(key)
    },
    clear() {
      for (const offsets of all()) offsets.clear()
    },
    watch(onChange) {
      // The same function may watch more than once.
      const watcher = () => onChange()
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
  }
}
