import type { Trace } from '../observe/probe.ts'
import type { Flight, Tally } from '../observe/tally.ts'
import type { Batch, Headers, Kept, Lane, MaybePromise, Origin } from '../protocol.ts'
import type { Mutable } from '../types.ts'

/** Applies `onError` to a message of which a sink refused a value after it had been written; see `Kept`. */
export type Refused = (kept: Cursor, error: Error, again: () => MaybePromise<void>) => Promise<void>

/** The lane of a message. */
interface Place {
  /** The bound source. */
  readonly source: unknown
  readonly id: Lane
}

/**
 * The place of a message: its origin for sinks, and its topic, partition, offset and key for errors. A worker moves one
 * cursor from message to message, so that no message allocates one. Only the methods write the fields.
 */
export class Cursor implements Origin, Kept, Flight {
  declare readonly source: unknown
  declare readonly lane: Lane
  declare readonly tally: Tally
  declare readonly refused: Refused | undefined
  /** Undefined: no batch is being handled. */
  declare readonly batch: Batch<unknown> | undefined
  readonly index: number = 0
  declare readonly message: unknown
  readonly since: number = -1
  /** The number of times that a value of the message was refused after it had been written. */
  readonly refusals: number = 0
  /** Undefined: the message is not followed. */
  readonly trace: Trace | undefined = undefined

  /** `refused`: that of the step; undefined if `onError` is 'stop'. */
  constructor({ source, id }: Place, tally: Tally, refused: Refused | undefined) {
    this.source = source
    this.lane = id
    this.tally = tally
    this.refused = refused
  }

  /** Moves to the start of a batch. Without one it releases the last batch, which may be large. */
  enter(batch?: Batch<unknown>): this {
    ;(this as Mutable<this>).batch = batch
    this.follow(undefined)
    return this.moveTo(0, undefined)
  }

  moveTo(index: number, message: unknown): this {
    ;(this as Mutable<this>).index = index
    ;(this as Mutable<this>).message = message
    return this
  }

  follow(trace: Trace | undefined): void {
    ;(this as Mutable<this>).trace = trace
  }

  watch(since: number): void {
    ;(this as Mutable<this>).since = since
  }

  keep(): Kept | undefined {
    const { source, lane: id, tally, refused, batch, index, message } = this
    return refused && new Cursor({ source, id }, tally, refused).enter(batch).moveTo(index, message)
  }

  refuse(error: Error, again: () => MaybePromise<void>): Promise<void> {
    ;(this as Mutable<this>).refusals++
    this.watch(Infinity)
    // `keep` makes a cursor only where there is `refused`.
    return (this.refused as Refused)(this, error, again)
  }

  get timestamp(): number | bigint | undefined {
    const { timestamp } = this.tally.binding
    return timestamp?.(this.message) ?? this.batch?.timestamp?.(this.index)
  }

  get headers(): Headers | undefined {
    return this.batch?.headers?.(this.index)
  }

  get carried(): Headers | undefined {
    return this.trace?.headers
  }

  get raw(): object | undefined {
    return this.batch?.raw?.(this.index)
  }
}
