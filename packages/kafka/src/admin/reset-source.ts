import type { ResetItem } from '@snapstream/core'
import { resolveSettings } from '../conf/resolve-settings.ts'
import type { DriverAdmin } from '../driver/driver.ts'
import { withAdmin } from '../driver/with-admin.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import { groupOf } from '../reading/topic-source.ts'
import { resetOffsets } from './reset-offsets.ts'
import type { OffsetReset } from './reset-offsets.ts'

/**
 * Sets the group of a source back to the first records of the topics that it has read. Rejects with `GROUP_NOT_EMPTY` if it
 * has members, and with `USAGE` without a group.
 */
export async function resetSource(spec: TopicSpec, dryRun: boolean): Promise<readonly ResetItem[]> {
  const settings = resolveSettings(spec.conf)
  const groupId = groupOf(spec, settings)
  if (groupId === null) return []
  return withAdmin(settings, async (admin) => {
    const rows = await resetOffsets(admin, groupId, await existing(admin, spec), { to: 'earliest', dryRun: true })
    const isRead = ({ before, changed }: OffsetReset) => before !== undefined && changed
    const topics = [...new Set(rows.filter(isRead).map(({ topic }) => topic))]
    if (!dryRun && topics.length > 0) await resetOffsets(admin, groupId, topics, { to: 'earliest' })
    return topics.map((topic) => ({
      kind: 'offsets',
      name: topic,
      effect: effectOf(
        groupId,
        rows.filter((row) => row.topic === topic && isRead(row)),
      ),
    }))
  })
}

/** The topics of a spec that exist. None is created. */
async function existing(admin: DriverAdmin, { topics }: TopicSpec): Promise<readonly string[]> {
  const all = await admin.listTopics()
  return topics instanceof RegExp
    ? all.filter((topic) => topics.test(topic))
    : topics.filter((one) => all.includes(one))
}

function effectOf(groupId: string, rows: readonly OffsetReset[]): string {
  const records = rows.reduce((sum, { before, after }) => sum + Math.abs((before ?? after) - after), 0)
  return `the group ${JSON.stringify(groupId)} goes back to the first record (${counted(records, 'record')} in ${counted(rows.length, 'partition')})`
}

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`
