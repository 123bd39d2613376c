import { SnapstreamError } from '@snapstream/core'
import { Admin } from '@snapstream/kafka'
import type { GroupDetails } from '@snapstream/kafka'
import { EXIT } from '../exit-code.ts'
import type { ExitCode } from '../exit-code.ts'
import type { Io } from '../io.ts'
import { createPrinter } from '../output/printer.ts'
import { createTable } from '../output/table.ts'
import { applySettings } from '../settings/settings.ts'
import type { ConnectionFlags } from '../settings/settings.ts'
import { topicDetails } from '../topic/topic-details.ts'

export interface TopicsFlags extends ConnectionFlags {
  readonly json?: boolean
}

/** `snapstream topics`: one name a line, for people and for programs. */
export async function listTopics(flags: TopicsFlags, io: Io): Promise<ExitCode> {
  await applySettings(flags, io)
  await using admin = Admin()
  const printer = createPrinter(io, flags.json)
  for (const topic of await admin.listTopics())
    await printer.write(`${flags.json ? JSON.stringify({ topic }) : topic}\n`)
  await printer.end()
  return EXIT.ok
}

const PARTITION_COLUMNS = ['PARTITION', 'LEADER', 'REPLICAS', 'IN SYNC', 'EARLIEST', 'LATEST']

/** `snapstream topics describe NAME` */
export async function describeTopic(name: string, flags: TopicsFlags, io: Io): Promise<ExitCode> {
  await applySettings(flags, io, name)
  const { topic, partitions } = await topicDetails(name)
  const printer = createPrinter(io, flags.json)
  if (flags.json)
    for (const partition of partitions) await printer.write(`${JSON.stringify({ topic, ...partition })}\n`)
  else {
    const table = createTable(PARTITION_COLUMNS, printer)
    for (const { partition, leader, replicas, inSyncReplicas, earliest, latest } of partitions)
      await table.row(partition, leader ?? '-', replicas.join(','), inSyncReplicas.join(','), earliest, latest)
    table.end()
  }
  await printer.end()
  return EXIT.ok
}

const LAG_COLUMNS = ['GROUP', 'STATE', 'TOPIC', 'PARTITION', 'COMMITTED', 'LATEST', 'LAG']

/** `snapstream topics lag [GROUP]` */
export async function showLag(group: string | undefined, flags: TopicsFlags, io: Io): Promise<ExitCode> {
  await applySettings(flags, io)
  await using admin = Admin()
  const printer = createPrinter(io, flags.json)
  const table = createTable(LAG_COLUMNS, printer)
  for (const groupId of await groupsOf(admin, group)) {
    if (printer.signal.aborted) break
    const { state, offsets } = await positionsOf(admin, groupId, group !== undefined)
    for (const { topic, partition, committed, latest, lag } of offsets)
      if (flags.json) {
        const row = { group: groupId, state, topic, partition, committed: committed ?? null, latest, lag: lag ?? null }
        await printer.write(`${JSON.stringify(row)}\n`)
      } else await table.row(groupId, state, topic, partition, committed ?? '-', latest, lag ?? '-')
  }
  table.end()
  await printer.end()
  return io.signal.aborted ? EXIT.interrupted : EXIT.ok
}

/** Without a name: all groups of consumers. Groups of other protocols, such as Kafka Connect's, read no topics. */
async function groupsOf(admin: Admin, group: string | undefined): Promise<readonly string[]> {
  if (group !== undefined) return [group]
  const groups = await admin.listGroups()
  // The protocol of a group is empty if an admin client committed its offsets.
  return groups.filter(({ protocolType }) => ['consumer', ''].includes(protocolType)).map(({ groupId }) => groupId)
}

async function positionsOf(
  admin: Admin,
  groupId: string,
  isNamed: boolean,
): Promise<Pick<GroupDetails, 'state' | 'offsets'>> {
  try {
    return await admin.describeGroup(groupId)
  } catch (error) {
    // The group was deleted meanwhile, or brokers describe no group of its kind and know only its offsets.
    if (!SnapstreamError.is(error) || error.code !== 'GROUP_MISSING') throw error
    const offsets = await admin.offsets(groupId)
    if (isNamed && offsets.length === 0) throw error
    return { state: '-', offsets }
  }
}
