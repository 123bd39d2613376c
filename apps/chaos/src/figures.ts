/** The measurements of one case with one driver. Durations are in ms. */
export interface Figures {
  readonly produced: number
  readonly handled: number
  readonly lost: number
  /** Lost records that the group has committed. */
  readonly lostForGood: number
  readonly duplicated: number
  /** Duplicates of records that no killed worker had handled before they were committed. */
  readonly unexplainedCopies: number
  readonly outOfOrder: number
  /** Handlings that overlap with those of another worker in the same partition. */
  readonly overlapping: number
  /** Records that a second worker handled although the first was undisturbed. */
  readonly unexplained: number
  /** Infinite (null as JSON) if an unexplained record is not due to a lapse. */
  readonly staleMs: number
  readonly commitsMovedBack: number
  /** Records of the output that are not in the input. */
  readonly strange: number
  readonly rebalances: number
  readonly longestStallMs: number
  readonly partitionStallMs: number
  /** The longest stall of a partition that stayed with an undisturbed worker. */
  readonly ownStallMs: number
  readonly recoveryMs: number
  /** The longest time without a record of a key for a `read_committed` reader of the output. Undefined: not measured. */
  readonly readerStallMs?: number
  /** By how much the counts of a store are too high, summed over its keys. Undefined: no store. */
  readonly countedTwice?: number
  readonly kills: number
  readonly killsCounted: number
  /** The records that were written and not committed, summed over all kills. */
  readonly uncommitted: number
}
