import { sleep, withTimeout } from '@snapstream/core/adapter'
import type { ConsumerSettings } from '../../driver/driver.ts'
import { KAFKA } from '../errors/error-table.ts'
import { errorCodeOf, isRetriable, protocolError } from '../errors/kafka-error.ts'
import { sendHeartbeat } from './coordinator.ts'
import type { Coordinator } from './coordinator.ts'
import { isJoining } from './member-state.ts'
import type { MemberState } from './member-state.ts'

/** A fenced member is not lost: if it joined again, it would take the name back from the other member, and so on for ever. */
const LOST = new Set<number | undefined>([KAFKA.UNKNOWN_MEMBER_ID, KAFKA.ILLEGAL_GENERATION])

/** The outcome of a heartbeat, unless the member simply stays in the group. */
export type HeartbeatEvent =
  /** The group asks its members to join again. Comes at every heartbeat until they have. */
  | { readonly type: 'rebalance' }
  /** The coordinator could not be reached: look it up before the next heartbeat. */
  | { readonly type: 'unreachable'; readonly error: unknown }
  /** The membership is over, and no heartbeat follows. `error`: the coordinator's answer, if one came. */
  | { readonly type: 'lost'; readonly error?: unknown }

/**
 * Sends a heartbeat every `intervalMs` until the signal is aborted, independently of other work: a slow handler, a slow
 * hand-over or a join that waits for other members does not end the membership. A member that did not reach its coordinator
 * for `sessionTimeoutMs` is lost. A member whose process was paused for as long is lost, too, even before it asks the
 * coordinator. Throws errors that are not retriable.
 */
export async function* heartbeats(options: {
  readonly coordinator: Coordinator
  /** Read before each heartbeat: the generation changes while heartbeats go on. */
  readonly member: Pick<MemberState, 'phase' | 'generation'>
  readonly settings: Pick<ConsumerSettings, 'heartbeatIntervalMs' | 'sessionTimeoutMs'>
  /** Replaces the connections, if the brokers can be reached: no answer comes over the old ones any more. */
  readonly renew: () => Promise<unknown>
  readonly signal: AbortSignal
}): AsyncGenerator<HeartbeatEvent, void, undefined> {
  const { coordinator, member, signal } = options
  const { heartbeatIntervalMs, sessionTimeoutMs } = options.settings
  const renew = () => void options.renew().catch(() => {})
  let lastAnswer = performance.now()
  const isOverdue = () => performance.now() - lastAnswer > sessionTimeoutMs
  const isLost = (error: unknown) => LOST.has(errorCodeOf(error)) || (isRetriable(error) && isOverdue())
  for (;;) {
    await sleep(heartbeatIntervalMs, signal)
    if (signal.aborted) return
    if (isOverdue()) {
      // The answer that the join waits for may have been sent while the process was paused.
      if (isJoining(member)) renew()
      yield { type: 'lost' }
      return
    }
    const { generation } = member
    if (generation === undefined) return
    const beat = sendHeartbeat(coordinator, generation).catch((error: unknown) => {
      // An answer about an old generation says nothing about the current one.
      if (generation === member.generation) throw error
    })
    try {
      // A coordinator that is silent for a session has removed this member, however long the request may take.
      const late = () => {
        // The join that follows must not wait for answers over the same connection.
        renew()
        throw protocolError(KAFKA.REQUEST_TIMED_OUT)
      }
      await withTimeout(beat, { ms: sessionTimeoutMs, late })
      lastAnswer = performance.now()
    } catch (error) {
      if (signal.aborted) return
      const errorCode = errorCodeOf(error)
      if (errorCode === KAFKA.REBALANCE_IN_PROGRESS) {
        lastAnswer = performance.now()
        yield { type: 'rebalance' }
      } else if (errorCode === KAFKA.ILLEGAL_GENERATION && isJoining(member)) continue
      else if (isLost(error)) {
        yield { type: 'lost', error }
        return
      } else if (isRetriable(error)) yield { type: 'unreachable', error }
      else throw error
    }
  }
}
