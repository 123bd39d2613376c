import type { LaneRun } from './lane.ts'
import type { Lane, MaybePromise, Position, Positions } from './protocol.ts'

/** One source in a run. It is read once, however many bindings share it. */
export interface SourceRun {
  /** The object that was bound: its identity is what makes a source one. */
  readonly source: unknown
  readonly lanes: Iterable<LaneRun>
  open(): MaybePromise<void>
  /** Reads until the source has ended and everything is handled. Rejects when the source fails. */
  read(): Promise<void>
  /** No further message is started. */
  halt(): void
  /** Per lane, what every binding has handled and the source has not been told. Empty when there is nothing new. */
  handled(): Map<Lane, Position>
  /**
   * Tells the source that what `handled` answered last is durable; lanes that were given up in the meantime are left
   * out. `kept`: an atomic sink has kept the positions, and the source is not told.
   */
  commit(positions: Positions, kept: boolean): Promise<void>
  close(): MaybePromise<void>
}
