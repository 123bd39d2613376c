import { KAFKA } from './error-table.ts'
import { errorCodeOf, isPassing, protocolError } from './kafka-error.ts'
import { pause } from './pause.ts'

/** The heart of a member in one generation of its group. */
export interface Heartbeats {
  /** The partitions have to be given up: on request, or they belong to others already. */
  readonly ended: Promise<'revoked' | 'lost'>
  /** They belong to others already, maybe while they were being given up. */
  readonly lost: Promise<void>
  /** Another reason to give up: partitions were added to a topic. */
  rejoin(): void
  stop(): void
}

/** Not when another took the name of this member: to come back would be to take it back, and so on for ever. */
const LOST = new Set<number | undefined>([KAFKA.UNKNOWN_MEMBER_ID, KAFKA.ILLEGAL_GENERATION])

/** A coordinator that says nothing for as long as that has put this member out, however long the request may take. */
async function inTime(answer: Promise<unknown>, ms: number, renew: () => Promise<unknown>): Promise<void> {
  let late = true
  const answered = answer.then(() => {
    late = false
  })
  await pause(ms, answered)
  if (!late) return
  // A connection whose other end is gone without a word would be waited for in all that comes next, joining above all.
  void renew().catch(() => {})
  throw protocolError(KAFKA.REQUEST_TIMED_OUT)
}

/**
 * Sends a heartbeat each `intervalMs` until stopped, whatever else goes on: a slow handler or a slow handover does not
 * end the membership. When the coordinator was not reached for `sessionTimeoutMs` the membership counts as lost.
 */
export function heartbeats(options: {
  readonly beat: () => Promise<unknown>
  /** Looks for the coordinator anew. */
  readonly repair: () => Promise<unknown>
  /** Replaces the connections there are, if others can be had: nothing comes over them any more. */
  readonly renew: () => Promise<unknown>
  readonly intervalMs: number
  readonly sessionTimeoutMs: number
  readonly onError: (error: unknown) => void
}): Heartbeats {
  const { beat, repair, renew, intervalMs, sessionTimeoutMs, onError } = options
  let end: (reason: 'revoked' | 'lost') => void = () => {}
  let lose = () => {}
  let stop = () => {}
  let running = true
  const ended = new Promise<'revoked' | 'lost'>((resolve) => {
    end = resolve
  })
  const lost = new Promise<void>((resolve) => {
    lose = resolve
  })
  const stopped = new Promise<void>((resolve) => {
    stop = () => {
      running = false
      resolve()
    }
  })

  async function run(): Promise<void> {
    let lastAnswer = Date.now()
    for (;;) {
      await pause(intervalMs, stopped)
      if (!running) return
      try {
        await inTime(beat(), sessionTimeoutMs, renew)
        lastAnswer = Date.now()
      } catch (error) {
        if (!running) return
        if (errorCodeOf(error) === KAFKA.REBALANCE_IN_PROGRESS) {
          lastAnswer = Date.now()
          end('revoked')
        } else if (LOST.has(errorCodeOf(error)) || (isPassing(error) && Date.now() - lastAnswer > sessionTimeoutMs)) {
          end('lost')
          lose()
          return
        } else if (isPassing(error)) await repair().catch(() => {})
        else return onError(error)
      }
    }
  }

  void run()
  return { ended, lost, rejoin: () => end('revoked'), stop }
}
