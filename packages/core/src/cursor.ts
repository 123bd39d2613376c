import type { Batch, Headers, Lane, Origin } from './protocol.ts'

/**
 * The place of a message: what a sink is told about its origin, and what an error needs to name it. One object a worker,
 * moved from message to message, so that nothing is allocated for sinks that do not ask.
 */
export class Cursor implements Origin {
  readonly lane: Lane
  readonly #timestamp: ((message: unknown) => number) | undefined
  batch!: Batch<unknown>
  index = 0
  message: unknown

  constructor(lane: Lane, timestamp: ((message: unknown) => number) | undefined) {
    this.lane = lane
    this.#timestamp = timestamp
  }

  get timestamp(): number | undefined {
    return this.#timestamp ? this.#timestamp(this.message) : this.batch.timestamp?.(this.index)
  }

  get headers(): Headers | undefined {
    return this.batch.headers?.(this.index)
  }
}
