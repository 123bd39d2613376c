import { SnapstreamError, describe } from '@snapstream/core'
import type { TopicPartition } from '../driver/driver.ts'
import { isOffset, isTimestamp } from '../options/place.ts'
import { usage } from '../conf/usage.ts'

/**
 * Where a group is to go on:
 * - `'earliest'`, `'latest'`: with the first record there is, or behind the last.
 * - a number: at that offset; negative counts from the end. `{ 0: 100, 1: -5 }`: by partition, others stay as they are.
 * - `{ timestamp }`: at the first record that is as old or younger, in ms since the epoch.
 * - `{ shiftBy }`: so many offsets on from what is committed; negative goes back.
 */
export type ResetTo =
  | 'earliest'
  | 'latest'
  | number
  | Readonly<Record<number, number>>
  | { readonly timestamp: number | Date }
  | { readonly shiftBy: number }

/** What is known of a partition. */
export interface PartitionState extends TopicPartition {
  readonly committed: number | undefined
  readonly earliest: number
  readonly latest: number
  /** The offset that belongs to the timestamp, if that is what was asked for. */
  readonly atTimestamp: number | undefined
}

/** A target, checked. */
export interface ResetTarget {
  /** To be looked up first, in ms since the epoch. */
  readonly timestamp: number | undefined
  /** The only partitions that it says something about, if it does not of all. */
  readonly partitions: readonly number[] | undefined
  /** Within the range that can be read. Throws `OFFSET_OUT_OF_RANGE` if there is nothing to go by. */
  offset(state: PartitionState, groupId: string): number
}

/** Throws `USAGE`. */
export function resetTarget(to: ResetTo): ResetTarget {
  if (to === 'earliest' || to === 'latest') return target((state) => state[to])
  if (isOffset(to)) return target(at(to))
  if (typeof to === 'object' && to !== null && !Array.isArray(to)) {
    const { timestamp, shiftBy, ...offsets } = to as {
      timestamp?: unknown
      shiftBy?: unknown
      [partition: string]: unknown
    }
    const [names, partitions] = [Object.keys(to), Object.keys(offsets)]
    if (names.length === 1 && isTimestamp(timestamp))
      return target(({ atTimestamp, latest }) => atTimestamp ?? latest, { timestamp: Number(timestamp) })
    if (names.length === 1 && isOffset(shiftBy)) return target((state, groupId) => shifted(state, shiftBy, groupId))
    if (
      names.length > 0 &&
      names.length === partitions.length &&
      partitions.every((partition) => isEntry(partition, offsets[partition]))
    )
      return target((state) => at(Number(offsets[state.partition]))(state), { partitions: partitions.map(Number) })
  }
  throw usage(
    `resetOffsets takes 'earliest', 'latest', an offset, offsets by partition as { 0: 100 }, { timestamp } in ms or ` +
      `{ shiftBy } as a whole number; got ${typeof to === 'object' && to !== null ? JSON.stringify(to) : describe(to)}`,
  )
}

function target(
  offset: (state: PartitionState, groupId: string) => number,
  { timestamp, partitions }: { readonly timestamp?: number; readonly partitions?: readonly number[] } = {},
): ResetTarget {
  return {
    timestamp,
    partitions,
    offset: (state, groupId) => Math.min(Math.max(offset(state, groupId), state.earliest), state.latest),
  }
}

const at =
  (offset: number) =>
  ({ latest }: PartitionState): number =>
    offset < 0 ? latest + offset : offset

function shifted({ topic, partition, committed }: PartitionState, by: number, groupId: string): number {
  if (committed !== undefined) return committed + by
  throw new SnapstreamError(
    'OFFSET_OUT_OF_RANGE',
    `the group ${JSON.stringify(groupId)} has committed nothing in partition ${partition} of ${JSON.stringify(topic)} ` +
      `to shift by ${by} from; give an offset there, or name the partitions to shift: { partitions: [...] }`,
    { topic, partition },
  )
}

function isEntry(partition: string, offset: unknown): boolean {
  return /^(0|[1-9]\d*)$/.test(partition) && isOffset(offset)
}
