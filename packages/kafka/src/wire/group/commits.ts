import { withTimeout } from '@snapstream/core/adapter'
import type { Condition } from '@snapstream/core/adapter'
import type { TopicPartition } from '../../driver/driver.ts'
import type { GroupGeneration } from '../protocol/connection.ts'
import { isGenerationOver } from './coordinator.ts'
import type { MemberState } from './member-state.ts'
import type { OwnedPartitions } from './owned-partitions.ts'

/** Sends offsets under the generation of a member. */
export interface Commits {
  /**
   * Sends the offsets of partitions that the member owns. Offsets that are refused because their generation is over are sent
   * again under the next one, but only for partitions that the member has owned without a break: another member may have read
   * on in the others. In a rebalance it waits until the member knows which of them it keeps. Resolves with false if nothing was
   * sent. Rejects with the other errors of `send`.
   *
   * @param whole whether all offsets are sent or none; default: those that are left
   */
  send<T extends TopicPartition>(
    offsets: readonly T[],
    send: (generation: GroupGeneration, owned: readonly T[]) => Promise<void>,
    whole?: 'whole',
  ): Promise<boolean>
}

export function memberCommits(options: {
  readonly member: Pick<MemberState, 'phase' | 'isAssigned' | 'generation'>
  readonly owned: Pick<OwnedPartitions, 'hold'>
  /** Woken when the member or its partitions change. */
  readonly changes: Condition
  /** Aborted when the member leaves. */
  readonly signal: AbortSignal
  /** How long to wait for the next generation, in ms. */
  readonly sessionTimeoutMs: number
  /** Ends the membership: the coordinator accepts its heartbeats and refuses its commits. */
  readonly lose: (refusal: unknown) => void
}): Commits {
  const { member, owned, changes, signal, sessionTimeoutMs, lose } = options
  /** Undefined while it is not known which partitions the member has. */
  const commitGeneration = () => (member.isAssigned ? member.generation : undefined)

  return {
    async send(offsets, send, whole) {
      const stillOwned = owned.hold(offsets)
      for (;;) {
        const mine = stillOwned()
        if (mine.length === 0 || (whole && mine.length < offsets.length) || signal.aborted) return false
        const generation = commitGeneration()
        const isOver = () => commitGeneration() !== generation || stillOwned().length < mine.length || signal.aborted
        if (generation === undefined) {
          await changes.until(isOver)
          continue
        }
        try {
          await send(generation, mine)
          return true
        } catch (error) {
          if (signal.aborted) return false
          if (!isGenerationOver(error)) throw error
          // A heartbeat or a join will show which partitions the member owns now.
          const over = changes.until(isOver).then(() => true)
          const isKnown = await withTimeout(over, { ms: sessionTimeoutMs, late: () => false })
          // Only a new membership can repair that.
          if (!isKnown && member.phase === 'stable') lose(error)
        }
      }
    },
  }
}
