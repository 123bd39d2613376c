import type { OffsetAndMetadata, TopicPartition, TopicPartitionOffset } from '../driver/driver.ts'
import { ownerMetadata, ownerOf } from '../driver/partition-owner.ts'
import type { CommittedOffsets } from './committed-offsets.ts'
import type { TransactionCoordinator } from './memory-transactions.ts'

/** The claims of a consumer to its partitions: it is the owner that the metadata of their committed offsets names. */
export interface PartitionClaims {
  /** Fences the other owners of these partitions, which aborts their open transactions. */
  fenceOwners(partitions: readonly TopicPartition[]): void
  /** The offsets with metadata that claims their partitions. */
  claimed(offsets: readonly TopicPartitionOffset[]): OffsetAndMetadata[]
  /** The offsets with metadata that names no owner. */
  released(offsets: readonly TopicPartitionOffset[]): OffsetAndMetadata[]
  /** The committed offsets that claim these partitions, unless an open transaction is about to commit others. */
  held(partitions: readonly TopicPartition[]): OffsetAndMetadata[]
}

/** @param transactionalId that of the consumer; empty for a consumer that claims nothing */
export function partitionClaims(
  transactions: TransactionCoordinator,
  offsets: Pick<CommittedOffsets, 'get' | 'isPending'>,
  transactionalId: string,
): PartitionClaims {
  const owner = (at: TopicPartition) => ownerOf(offsets.get(at)?.metadata ?? '')
  const label = (all: readonly TopicPartitionOffset[], name: string) =>
    all.map(({ topic, partition, offset }) => ({ topic, partition, offset, metadata: ownerMetadata(name) }))
  return {
    fenceOwners(partitions) {
      for (const other of new Set(partitions.map(owner)))
        if (other !== '' && other !== transactionalId) transactions.fence(other)
    },
    claimed: (all) => label(all, transactionalId),
    released: (all) => label(all, ''),
    held: (partitions) =>
      partitions.flatMap((at) => {
        const committed = offsets.get(at)
        const isHeld = committed !== undefined && owner(at) === transactionalId && !offsets.isPending(at)
        return isHeld ? [committed] : []
      }),
  }
}
