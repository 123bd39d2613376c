import { SnapstreamError, describe } from '@snapstream/core'
import { usage } from '../conf/usage.ts'
import { groupNotEmpty, partitionMissing } from '../driver/driver-error.ts'
import type { DriverAdmin, TopicPartition } from '../driver/driver.ts'
import { partitionBounds } from '../driver/partition-bounds.ts'
import { partitionKey } from '../driver/topic-partition.ts'
import { isOffset, isTimestamp } from '../options/place.ts'

/**
 * The position from which a group goes on reading:
 * - `'earliest'`, `'latest'`: the first record, or the end.
 * - a number: that offset; a negative one counts from the end. `{ 0: 100, 1: -5 }`: by partition; the others stay as they are.
 * - `{ timestamp }`: the first record with this timestamp or a later one.
 * - `{ shiftBy }`: the committed offset plus that number.
 */
export type ResetTo =
  | 'earliest'
  | 'latest'
  | number
  | Readonly<Record<number, number>>
  | {
      /** In ms since the epoch. */
      readonly timestamp: number | Date
    }
  | {
      /** A number of offsets; negative goes back. */
      readonly shiftBy: number
    }

/** The options of `admin.resetOffsets`. */
export interface ResetOptions {
  /** Numbers of the partitions to reset, in each topic. @default all partitions */
  readonly partitions?: readonly number[]
  /** Reports the new offsets and changes nothing. @default false */
  readonly dryRun?: boolean
}

/** The change of one partition; with `dryRun` the change that a reset would make. */
export interface OffsetReset extends TopicPartition {
  /** The committed offset before the reset; undefined if nothing was committed. */
  readonly before: number | undefined
  /** The committed offset after the reset. */
  readonly after: number
  /** Whether `after` differs from `before`. */
  readonly changed: boolean
}

/** A partition, as a target needs to know it. */
interface PartitionState extends TopicPartition {
  readonly committed: number | undefined
  readonly earliest: number
  readonly latest: number
  /** The offset of the target's timestamp; undefined if it has none. */
  readonly atTimestamp: number | undefined
}

/** A `ResetTo`, checked. */
interface ResetTarget {
  /** The timestamp to look up first, in ms since the epoch; undefined if the target has none. */
  readonly timestamp: number | undefined
  /** The partitions that the target names; undefined for all. */
  readonly partitions: readonly number[] | undefined
  /** The new offset, within the bounds of the partition. Throws `OFFSET_OUT_OF_RANGE` for a shift without a committed offset. */
  offset(state: PartitionState, groupId: string): number
}

/** Sets the committed offsets of a group. Rejects with `GROUP_NOT_EMPTY` if it has members. */
export async function resetOffsets(
  admin: DriverAdmin,
  groupId: string,
  topics: readonly string[],
  { to, ...options }: ResetOptions & { readonly to: ResetTo },
): Promise<OffsetReset[]> {
  const target = resetTarget(to)
  const { dryRun = false } = options
  const only = partitionsOf(options, target)
  // A member would commit over the reset, and a dry run would report offsets that change meanwhile.
  if (await hasMembers(admin, groupId)) throw groupNotEmpty(groupId)
  const states = await Promise.all(
    [...new Set(topics)].map((topic) => statesOf(admin, groupId, topic, { target, only })),
  )
  const rows = states.flat().map((state) => {
    const { topic, partition, committed: before } = state
    const after = target.offset(state, groupId)
    return { topic, partition, before, after, changed: after !== before }
  })
  const changes = rows.filter(({ changed }) => changed)
  if (!dryRun && changes.length > 0)
    await admin.commit(
      groupId,
      changes.map(({ topic, partition, after }) => ({ topic, partition, offset: after })),
    )
  return rows
}

function partitionsOf(
  { partitions, dryRun, ...rest }: ResetOptions,
  target: ResetTarget,
): readonly number[] | undefined {
  const unknown = Object.keys(rest)
  if (unknown.length > 0) throw usage(`resetOffsets takes { partitions, dryRun }, got '${unknown[0]}'`)
  if (dryRun !== undefined && typeof dryRun !== 'boolean')
    throw usage(`dryRun of resetOffsets takes true or false, got ${describe(dryRun)}`)
  if (partitions === undefined) return target.partitions
  if (target.partitions !== undefined)
    throw usage('resetOffsets was given offsets by partition, which already name the partitions; leave partitions out')
  if (!Array.isArray(partitions) || !partitions.every((partition) => Number.isSafeInteger(partition) && partition >= 0))
    throw usage(`partitions of resetOffsets takes an array of numbers from 0, got ${describe(partitions)}`)
  return partitions
}

async function hasMembers(admin: DriverAdmin, groupId: string): Promise<boolean> {
  try {
    const described = (await admin.describeGroups([groupId])).get(groupId)
    return described !== undefined && described.members.length > 0
  } catch (error) {
    // The first commit creates a group.
    if (SnapstreamError.is(error) && error.code === 'GROUP_MISSING') return false
    throw error
  }
}

async function statesOf(
  admin: DriverAdmin,
  groupId: string,
  topic: string,
  { target: { timestamp }, only }: { readonly target: ResetTarget; readonly only: readonly number[] | undefined },
): Promise<PartitionState[]> {
  const [bounds, committed, timed] = await Promise.all([
    partitionBounds(admin, topic),
    admin.committed(groupId, [topic]),
    timestamp === undefined ? [] : admin.offsets(topic, timestamp),
  ])
  const before = new Map(committed.map((at) => [partitionKey(at), at.offset]))
  for (const partition of only ?? [])
    if (partition >= bounds.length) throw partitionMissing(topic, partition, bounds.length)
  return bounds
    .filter(({ partition }) => only?.includes(partition) ?? true)
    .map((of) => ({ ...of, committed: before.get(partitionKey(of)), atTimestamp: timed[of.partition]?.offset }))
}

/** Throws `USAGE`. */
function resetTarget(to: ResetTo): ResetTarget {
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
    `the group ${JSON.stringify(groupId)} has no committed offset in partition ${partition} of ${JSON.stringify(topic)} ` +
      `to shift by ${by}; give an offset there, or name the partitions to shift: { partitions: [...] }`,
    { topic, partition },
  )
}

function isEntry(partition: string, offset: unknown): boolean {
  return /^(0|[1-9]\d*)$/.test(partition) && isOffset(offset)
}
