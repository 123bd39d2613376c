import { SnapstreamError, toError } from '@snapstream/core'
import type { Host } from '@snapstream/core'
import { withTimeout } from '@snapstream/core/adapter'
import type { TopicPartition, TopicPartitionOffset } from '../driver/driver.ts'
import type { TopicSpec } from '../options/topic-spec.ts'

/** `onAssigned` and `onRevoked` of a topic, with a time limit. Both reject with an error that names the hook. */
export interface TopicHooks {
  assigned(partitions: readonly TopicPartitionOffset[]): Promise<void>
  revoked(partitions: readonly TopicPartition[], reason: 'revoked' | 'lost'): Promise<void>
}

/** @param limitMs how long each call may take, in ms */
export function topicHooks(
  { name, onAssigned, onRevoked }: Pick<TopicSpec, 'name' | 'onAssigned' | 'onRevoked'>,
  limitMs: number,
  host: Pick<Host, 'setTimeout'>,
): TopicHooks {
  async function call(what: string, hook: () => unknown): Promise<void> {
    const late = () => {
      throw tooSlow(`${what} of Topic(${name})`, limitMs)
    }
    try {
      await withTimeout((async () => hook())(), { ms: limitMs, late, host })
    } catch (thrown) {
      if (SnapstreamError.is(thrown)) throw thrown
      const cause = toError(thrown)
      throw new SnapstreamError('SOURCE_FAILED', `${what} of Topic(${name}) failed: ${cause.message}`, { cause })
    }
  }

  return {
    async assigned(partitions) {
      if (onAssigned && partitions.length > 0) await call('onAssigned', () => onAssigned(partitions))
    },
    async revoked(partitions, reason) {
      if (onRevoked && partitions.length > 0) await call('onRevoked', () => onRevoked(partitions, reason))
    },
  }
}

function tooSlow(what: string, limitMs: number): SnapstreamError {
  return new SnapstreamError(
    'PROCESSING_TIMEOUT',
    `${what} took longer than rebalanceTimeoutMs (${limitMs}), and the other members of the group wait for it; make it faster, or ` +
      'raise rebalanceTimeoutMs',
  )
}
