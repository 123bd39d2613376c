import type { TopicPartitionOffset } from '../../driver/driver.ts'
import { KAFKA } from '../errors/error-table.ts'
import { errorCodeOf } from '../errors/kafka-error.ts'
import type { MemberPartitions } from './owned-partitions.ts'
import type { WakeUps } from '../wake-ups.ts'
import { within } from '../with-timeout.ts'

const OVER = new Set<number | undefined>([
  KAFKA.UNKNOWN_MEMBER_ID,
  KAFKA.ILLEGAL_GENERATION,
  KAFKA.REBALANCE_IN_PROGRESS,
])

/** Whether a coordinator means: that generation is over, or this is no member any more. */
export const isGenerationOver = (error: unknown): boolean => OVER.has(errorCodeOf(error))

/**
 * How a member commits while generations come and go. What is refused because a generation is over is sent again under the
 * next, but only what the member has had all the while: the rest belongs to others, who must not find it moved.
 */
export function memberCommits<Generation>(options: {
  readonly owned: Pick<MemberPartitions, 'hold'>
  /** Wakes when the generation changed, or something is owned no more, or the member has left. */
  readonly changes: Pick<WakeUps, 'next'>
  /** The generation to commit under; undefined while it is not known what the member has in it. */
  readonly settled: () => Generation | undefined
  readonly open: () => boolean
  /** How long a refused commit waits for a sign that the generation is over, in ms; then the membership is given up. */
  readonly stuckMs: number
  readonly onStuck: (refusal: unknown) => void
  /** Rejects with what the coordinator answered. */
  readonly send: (generation: Generation, offsets: readonly TopicPartitionOffset[]) => Promise<void>
}): (offsets: readonly TopicPartitionOffset[]) => Promise<void> {
  const { owned, changes, settled, open, send, stuckMs, onStuck } = options
  return async (offsets) => {
    const stillOwned = owned.hold(offsets)
    for (;;) {
      const mine = stillOwned()
      if (mine.length === 0 || !open()) return
      const generation = settled()
      let refusal: unknown
      try {
        if (generation) return await send(generation, mine)
      } catch (error) {
        if (!open()) return
        if (!isGenerationOver(error)) throw error
        refusal = error
      }
      // A heartbeat or a join will tell what is this member's now.
      if (settled() !== generation) continue
      if (refusal === undefined) await changes.next()
      else if (!(await within(stuckMs, changes.next()))) onStuck(refusal)
    }
  }
}
