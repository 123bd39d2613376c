import type { Lane, SinkOptions, SinkTarget, SinkWriter } from '@snapstream/core'
import type { AnyStore } from './any-store.ts'
import type { Timing } from './chain.ts'
import { checkProtocol } from './check-protocol.ts'
import { createClockRun } from './clock-run.ts'
import type { At } from './clock-run.ts'

/**
 * The clock of a chain: it learns which lanes are open and when they last had a message, and has the engine hand ticks to lanes in
 * which a timer is due.
 */
export interface ChainClock extends SinkTarget<never> {
  /** The message that began last. */
  readonly at: At | undefined
  readonly source: unknown
  readonly lane: Lane | undefined
  /** The time of day. */
  now(): number
  /** Counts the message that began last as late once it is handled. */
  late(timestamp: number, time: number): void
  /** Goes on with a message after others may have begun. */
  resume(at: At | undefined): void
  /** The results of a message have this time from now on. */
  setTime(message: unknown, timestamp: number | undefined): void
  /** The time of the result of a message that is being written. */
  timeOf(message: unknown): number | undefined
}

/** Makes the clock of operators with these stores. */
export function createChainClock(stores: readonly AnyStore[], timing: Timing): ChainClock {
  const times = new Map<unknown, number>()
  let at: At | undefined

  return {
    get at() {
      return at
    },
    get source() {
      return at?.source
    },
    get lane() {
      return at?.lane
    },
    now: () => at?.run.host.now() ?? Date.now(),
    late: (timestamp, time) => at?.run.late(at, timestamp, time),
    resume(was) {
      at = was
    },
    setTime(message, timestamp) {
      if (timestamp === undefined) times.delete(message)
      else times.set(message, timestamp)
    },
    timeOf: (message) => times.get(message),
    '~snapstream.sink'(options: SinkOptions): SinkWriter<never> {
      checkProtocol(options.scope)
      const run = createClockRun({
        accesses: stores.map((store) => store['~snapstream.operator']),
        timing,
        options,
        begun: (now) => (at = now),
        over: (message) => times.size > 0 && times.delete(message),
      })
      return {
        write() {},
        flush() {},
        state: run.state,
        close() {
          run.close()
          times.clear()
        },
      }
    },
  }
}
