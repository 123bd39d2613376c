/** A message that came after the event time that its operator still takes. */
interface Late {
  readonly message: unknown
  /** Its event time. */
  readonly timestamp: number
  /** The event time of its part. */
  readonly time: number
}

/** The late messages that are being handled: they count once they are. */
export interface LateMessages {
  /** An attempt at a message begins. */
  begin(message: unknown): void
  /** The message that began last is late. */
  add(timestamp: number, time: number): void
  /** The message is handled: whether it was late. */
  take(message: unknown): readonly Late[]
}

const NONE: readonly Late[] = []

export function createLateMessages(): LateMessages {
  let current: unknown
  let all: readonly Late[] = NONE

  function take(message: unknown): readonly Late[] {
    if (all.length === 0) return NONE
    const own = all.filter((late) => late.message === message)
    all = all.filter((late) => late.message !== message)
    return own
  }

  return {
    begin(message) {
      current = message
      take(message)
    },
    add(timestamp, time) {
      // Several operators of a chain may find it late.
      if (!all.some((late) => late.message === current)) all = [...all, { message: current, timestamp, time }]
    },
    take,
  }
}
