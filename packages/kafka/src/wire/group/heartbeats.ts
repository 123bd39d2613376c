import { KAFKA } from '../errors/error-table.ts'
import { errorCodeOf, isRetriable, protocolError } from '../errors/kafka-error.ts'
import { pause } from '../sleep.ts'
import { within } from '../with-timeout.ts'

/** Not when another took the name of this member: to come back would be to take it back, and so on for ever. */
const LOST = new Set<number | undefined>([KAFKA.UNKNOWN_MEMBER_ID, KAFKA.ILLEGAL_GENERATION])

/** A coordinator that says nothing for as long as that has put this member out, however long the request may take. */
async function inTime(answer: Promise<unknown>, ms: number, renew: () => void): Promise<void> {
  if (await within(ms, answer)) return
  // A connection whose other end is gone without a word would be waited for in all that comes next, joining above all.
  renew()
  throw protocolError(KAFKA.REQUEST_TIMED_OUT)
}

/**
 * The heart of a member of a group: sends a heartbeat each `intervalMs` until it is stopped, whatever else goes on. A slow
 * handler, a slow handover or a join that waits for others does not end the membership. When the coordinator was not
 * reached for `sessionTimeoutMs` the membership counts as lost; so it does, before anything else happens, in a process
 * that was paused for as long. Returns how to stop it.
 */
export function heartbeats(options: {
  readonly beat: () => Promise<unknown>
  /** While it joins, that the generation before is over is no news, and no sign of life either. */
  readonly joining: () => boolean
  /** Looks for the coordinator anew. */
  readonly repair: () => Promise<unknown>
  /** Replaces the connections there are, if others can be had: nothing comes over them any more. */
  readonly renew: () => Promise<unknown>
  readonly intervalMs: number
  readonly sessionTimeoutMs: number
  /** The group asks its members to join again. Called at every heartbeat until they have. */
  readonly onRebalance: () => void
  /** The membership is over, and the heart stops. */
  readonly onLost: () => void
  /** The coordinator could not be reached, and is asked again. */
  readonly onTrouble: (error: unknown) => void
  readonly onError: (error: unknown) => void
}): () => void {
  const { beat, joining, repair, intervalMs, sessionTimeoutMs, onRebalance, onLost, onTrouble, onError } = options
  const renew = () => void options.renew().catch(() => {})
  const stopping = new AbortController()
  const { signal } = stopping

  async function run(): Promise<void> {
    let lastAnswer = performance.now()
    const overdue = () => performance.now() - lastAnswer > sessionTimeoutMs
    for (;;) {
      await pause(intervalMs, signal)
      if (signal.aborted) return
      if (overdue()) {
        // Whatever they wait for may have been said to a process that could not hear it.
        if (joining()) renew()
        return onLost()
      }
      try {
        await inTime(beat(), sessionTimeoutMs, renew)
        lastAnswer = performance.now()
      } catch (error) {
        if (signal.aborted) return
        const errorCode = errorCodeOf(error)
        if (errorCode === KAFKA.REBALANCE_IN_PROGRESS) {
          lastAnswer = performance.now()
          onRebalance()
        } else if (errorCode === KAFKA.ILLEGAL_GENERATION && joining()) continue
        else if (LOST.has(errorCode) || (isRetriable(error) && overdue())) {
          onTrouble(error)
          return onLost()
        } else if (isRetriable(error)) {
          onTrouble(error)
          await repair().catch(() => {})
        } else return onError(error)
      }
    }
  }

  void run()
  return () => stopping.abort()
}
