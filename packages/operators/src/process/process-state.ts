import { SnapstreamError } from '@snapstream/core'
import type { OperatorKey, OperatorPart, OperatorTimer, TimerKind } from '@snapstream/core/adapter'
import { expectUsage } from '../check.ts'

/** The state of a partition, for the functions of `process`. It can be used while they run. */
export interface ProcessState<K extends OperatorKey, V> {
  /**
   * Event time of the partition, in ms since the epoch: the largest timestamp of its messages so far, -Infinity before the first.
   * While a timer is handled, it is the time of the timer.
   */
  readonly time: number
  /** The value of a key; undefined: it has none. */
  getSync(key: K): V | undefined
  /** Sets the value of a key. Throws `USAGE`, and `ENCODE_FAILED`. */
  put(key: K, value: V): void
  /** Removes a key, if it has a value. */
  del(key: K): void
  /**
   * Sets a timer: there is at most one for each kind, time and key. A timer for a time that has passed fires right after the
   * message. Throws `USAGE`.
   *
   * @param kind `'event'`: it fires when event time has reached `time`, the same in a replay. `'clock'`: when the time of day has.
   * @param time in ms since the epoch
   */
  setTimer(kind: TimerKind, time: number, key: K): void
  /** Deletes a timer, if there is one. */
  deleteTimer(kind: TimerKind, time: number, key: K): void
}

/** A timer that is due. */
export interface ProcessTimer<K extends OperatorKey> {
  /** Whether it went by event time or by the time of day. */
  readonly kind: TimerKind
  /** The time that it was set for, in ms since the epoch. */
  readonly time: number
  /** The key that it was set for. */
  readonly key: K
}

/** The state for one call of a function at a time. */
export interface CurrentState<K extends OperatorKey, V> {
  /** Calls a function with the state of a part. `firing`: the timer that is being handled. */
  use<T>(part: OperatorPart<K, V>, firing: { kind: TimerKind; timer: OperatorTimer } | undefined, f: () => T): T
  readonly state: ProcessState<K, V>
}

export function createProcessState<K extends OperatorKey, V>(): CurrentState<K, V> {
  let current: OperatorPart<K, V> | undefined
  let firing: { readonly kind: TimerKind; readonly timer: OperatorTimer } | undefined

  function part(): OperatorPart<K, V> {
    if (current) return current
    throw new SnapstreamError(
      'USAGE',
      'the state of process was used after its function had returned; use it in onMessage and onTimer only',
    )
  }

  return {
    use(part, timer, f) {
      current = part
      firing = timer
      try {
        return f()
      } finally {
        current = undefined
      }
    },
    state: {
      get time() {
        return part().time
      },
      getSync: (key) => part().entries.getSync(key),
      put: (key, value) => part().entries.put(key, value),
      del: (key) => part().entries.del(key),
      setTimer(kind, time, key) {
        expectUsage(kind === 'event' || kind === 'clock', 'setTimer of process', "the kind is 'event' or 'clock'", kind)
        expectUsage(Number.isFinite(time), 'setTimer of process', 'the time is a number of ms since the epoch', time)
        if (firing?.kind === kind)
          expectUsage(
            time > firing.timer.time,
            'setTimer of process',
            `in onTimer the time of a timer of the same kind is after that of the timer that is due, ${firing.timer.time}, or it would be due for ever`,
            time,
          )
        part().setTimer(kind, time, key)
      },
      deleteTimer: (kind, time, key) => part().deleteTimer(kind, time, key),
    },
  }
}
