import { SnapstreamError, describe } from '@snapstream/core'
import { groupNotEmpty, partitionMissing } from '../driver/driver-error.ts'
import { partitionKey } from '../driver/topic-partition.ts'
import type { DriverAdmin, TopicPartition } from '../driver/driver.ts'
import { usage } from '../conf/usage.ts'
import { offsetRange } from './group-offsets.ts'
import { resetTarget } from './reset-target.ts'
import type { PartitionState, ResetTarget, ResetTo } from './reset-target.ts'

export interface ResetOptions {
  /** Which partitions of each topic. @default all */
  readonly partitions?: readonly number[]
  /** Answers what would become of it, and changes nothing. @default false */
  readonly dryRun?: boolean
}

/** What became, or with a dry run would become, of one partition. */
export interface OffsetReset extends TopicPartition {
  /** What was committed; undefined for nothing. */
  readonly before: number | undefined
  readonly after: number
  readonly changed: boolean
}

export async function resetOffsets(
  admin: DriverAdmin,
  groupId: string,
  topics: readonly string[],
  to: ResetTo,
  options: ResetOptions,
): Promise<OffsetReset[]> {
  const target = resetTarget(to)
  const { dryRun = false } = options
  const only = partitionsOf(options, target)
  // Whoever reads would commit over it, and a dry run would promise what changes meanwhile.
  if (await hasMembers(admin, groupId)) throw groupNotEmpty(groupId)
  const states = await Promise.all([...new Set(topics)].map((topic) => statesOf(admin, groupId, topic, target, only)))
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
    throw usage('resetOffsets was given offsets by partition, which say what partitions to reset; leave partitions out')
  if (!Array.isArray(partitions) || !partitions.every((partition) => Number.isSafeInteger(partition) && partition >= 0))
    throw usage(`partitions of resetOffsets takes an array of numbers from 0, got ${describe(partitions)}`)
  return partitions
}

async function hasMembers(admin: DriverAdmin, groupId: string): Promise<boolean> {
  try {
    const described = (await admin.describeGroups([groupId])).get(groupId)
    return described !== undefined && described.members.length > 0
  } catch (error) {
    // A group comes to exist with its first commit.
    if (SnapstreamError.is(error) && error.code === 'GROUP_MISSING') return false
    throw error
  }
}

async function statesOf(
  admin: DriverAdmin,
  groupId: string,
  topic: string,
  { timestamp }: ResetTarget,
  only: readonly number[] | undefined,
): Promise<PartitionState[]> {
  const [{ earliest, latest }, committed, timed] = await Promise.all([
    offsetRange(admin, topic),
    admin.committed(groupId, [topic]),
    timestamp === undefined ? [] : admin.offsets(topic, timestamp),
  ])
  const before = new Map(committed.map((at) => [partitionKey(at), at.offset]))
  for (const partition of only ?? [])
    if (partition >= latest.length) throw partitionMissing(topic, partition, latest.length)
  return latest.flatMap((end, partition) =>
    only?.includes(partition) === false
      ? []
      : {
          topic,
          partition,
          committed: before.get(partitionKey({ topic, partition })),
          earliest: earliest[partition] ?? 0,
          latest: end,
          atTimestamp: timed[partition]?.offset,
        },
  )
}
