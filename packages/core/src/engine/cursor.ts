import type { ErrorFields } from '../error.ts'
import type { Batch, Headers, Kept, Lane, MaybePromise, Origin } from '../protocol.ts'
import type { Step } from './step.ts'
import type { Tally } from './tally.ts'

/**
 * The place of a message: what a sink is told about its origin, and what an error needs to name it. One object a worker,
 * moved from message to message, so that nothing is allocated for sinks that do not ask.
 */
export class Cursor implements Origin, Kept {
  declare readonly lane: Lane
  declare readonly tally: Tally
  /** Undefined: no batch is handled. */
  batch: Batch<unknown> | undefined
  index = 0
  message: unknown
  /**
   * -1: nothing is in flight. Otherwise when the watchdog first saw this message, or since then its last try or output;
   * Infinity: not yet; NaN: it is not to be watched, as it waits for a retry.
   */
  since = -1
  /** How often a value of it was refused after it had been written. */
  refusals = 0
  declare readonly step: Step

  constructor(lane: Lane, tally: Tally, step: Step) {
    this.lane = lane
    this.tally = tally
    this.step = step
  }

  keep(): Kept | undefined {
    const { lane, tally, step, batch, index, message } = this
    return step.refused && Object.assign(new Cursor(lane, tally, step), { batch, index, message })
  }

  refuse(error: Error, again: () => MaybePromise<void>): void {
    this.step.refused?.(this, error, again)
  }

  get timestamp(): number | bigint | undefined {
    const { timestamp } = this.tally.binding
    return timestamp ? timestamp(this.message) : this.batch?.timestamp?.(this.index)
  }

  get headers(): Headers | undefined {
    return this.batch?.headers?.(this.index)
  }

  /** As the source had it. */
  get raw(): object | undefined {
    return this.batch?.raw?.(this.index)
  }
}

/** Where a message is, as far as its source says: topic, partition, offset and key, or nothing. */
export function placeOf(raw: ErrorFields = {}): ErrorFields {
  const { topic, partition, offset, key } = raw
  return topic ? ({ topic, partition, offset, key } as ErrorFields) : {}
}

/** The same for a sentence. */
export function placeIn({ topic, partition, offset }: ErrorFields): string {
  return topic ? ` at ${topic}/${partition} offset ${offset}` : ''
}
