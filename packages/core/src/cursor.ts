import type { LaneRun } from './lane.ts'
import type { Batch, Headers, Lane, Origin } from './protocol.ts'

/**
 * The place of a message: what a sink is told about its origin, and what an error needs to name it. One object a worker,
 * moved from message to message, so that nothing is allocated for sinks that do not ask.
 */
export class Cursor implements Origin {
  readonly run: LaneRun
  readonly #timestamp: ((message: unknown) => number) | undefined
  batch: Batch<unknown> | undefined
  index = 0
  message: unknown

  constructor(run: LaneRun, timestamp: ((message: unknown) => number) | undefined) {
    this.run = run
    this.#timestamp = timestamp
  }

  get lane(): Lane {
    return this.run.id
  }

  get timestamp(): number | undefined {
    return this.#timestamp ? this.#timestamp(this.message) : this.batch?.timestamp?.(this.index)
  }

  get headers(): Headers | undefined {
    return this.batch?.headers?.(this.index)
  }

  get raw(): object | undefined {
    return this.batch?.raw?.(this.index)
  }
}
