import { SnapstreamError } from '@snapstream/core'
import { Admin } from '@snapstream/kafka'
import type { GroupDetails } from '@snapstream/kafka'
import type { TopicsFlags } from '../definitions/topics-definition.ts'
import { EXIT } from '../exit-code.ts'
import type { ExitCode } from '../exit-code.ts'
import type { Io } from '../io.ts'
import { createPrinter } from '../output/printer.ts'
import { createTable } from '../output/table.ts'
import { applySettings } from '../settings/settings.ts'

const NAMES = ['GROUP', 'STATE', 'TOPIC', 'PARTITION', 'COMMITTED', 'LATEST', 'LAG']

/** `snapstream topics lag [GROUP]` */
export async function showLag(group: string | undefined, flags: TopicsFlags, io: Io): Promise<ExitCode> {
  await applySettings(flags, io)
  await using admin = Admin()
  const printer = createPrinter(io, flags.json)
  const table = createTable(NAMES, printer)
  for (const groupId of await groupsOf(admin, group)) {
    if (printer.signal.aborted) break
    const { state, offsets } = await placeOf(admin, groupId, group !== undefined)
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

/** Groups of other kinds, as those of Kafka Connect, read no topics. */
async function groupsOf(admin: Admin, group: string | undefined): Promise<readonly string[]> {
  if (group !== undefined) return [group]
  const groups = await admin.listGroups()
  // One that only committed, from outside, says nothing of its kind.
  return groups.filter(({ protocolType }) => ['consumer', ''].includes(protocolType)).map(({ groupId }) => groupId)
}

async function placeOf(
  admin: Admin,
  groupId: string,
  isAsked: boolean,
): Promise<Pick<GroupDetails, 'state' | 'offsets'>> {
  try {
    return await admin.describeGroup(groupId)
  } catch (error) {
    // It has gone meanwhile, or is of a kind of which brokers tell only the offsets.
    if (!SnapstreamError.is(error) || error.code !== 'GROUP_MISSING') throw error
    const offsets = await admin.offsets(groupId)
    if (isAsked && offsets.length === 0) throw error
    return { state: '-', offsets }
  }
}
