import type { Tally } from '../observe/tally.ts'
import type { Lane, SinkWriter } from '../protocol.ts'
import type { Mutable } from '../types.ts'

/** The atomic sinks that are flushed as one, and the sources that feed them. */
export interface Transaction {
  /** The bound object of one of the sinks, which stands for all. */
  readonly bound: unknown
  /** The writer of that sink. */
  readonly writer: SinkWriter<unknown>
  readonly feeders: Feeder[]
  /** A checkpoint has stopped the lanes that feed it. Lanes that are assigned meanwhile start closed. */
  readonly paused: boolean
  /** It holds values of lost lanes, or of a message that failed halfway. */
  readonly torn: boolean
}

/** A source that feeds a transaction. */
export interface Feeder {
  /** The bindings that read it. */
  readonly tallies: readonly Tally[]
  readonly lanes: readonly FeedingLane[]
  /**
   * After the transaction was aborted: the torn lanes, which are idle, go on from their last committed positions, unless
   * reading has to end. Returns them.
   */
  rewind(): Lane[]
}

interface FeedingLane {
  /** Its source has given it up: the remaining messages belong to another process. */
  readonly revoked: boolean
  /** A message was given up or failed halfway, or the lane was lost: its effects may be in an atomic sink. */
  readonly torn: boolean
  /** Whether it has messages in flight, or handled ones that no checkpoint has acknowledged. */
  dirty(): boolean
  /** Opens or closes it temporarily. A halted lane stays closed. */
  setOpen(open: boolean): void
  /** Halts it, as its source gives it up. `lost`: no message of it may be committed any more. */
  revoke(lost: boolean): void
  /** Resolves when no message is in flight. */
  idle(): Promise<void>
}

export function createTransaction(bound: unknown, writer: SinkWriter<unknown>): Transaction {
  return { bound, writer, feeders: [], paused: false, torn: false }
}

export const lanesOf = ({ feeders }: Transaction): FeedingLane[] => feeders.flatMap(({ lanes }) => lanes)

/** Stops the lanes that feed it at their next message, or starts them again. */
export function setPaused(transaction: Mutable<Transaction>, paused: boolean): void {
  transaction.paused = paused
  for (const lane of lanesOf(transaction)) lane.setOpen(!paused)
}

/** Resolves when no message is in flight in the stopped lanes that feed it. */
export async function idle(transaction: Transaction): Promise<void> {
  for (const lane of lanesOf(transaction)) await lane.idle()
}

/** It cannot be committed any more: ends the lanes with messages in it. */
export function tear(transaction: Mutable<Transaction>): void {
  transaction.torn = true
  for (const lane of lanesOf(transaction)) if (lane.dirty()) lane.revoke(true)
}

/** Takes the sources that feed it back. Returns the lanes that go on from their last committed positions. */
export function rewind(transaction: Mutable<Transaction>): Lane[] {
  transaction.torn = false
  return transaction.feeders.flatMap((feeder) => feeder.rewind())
}
