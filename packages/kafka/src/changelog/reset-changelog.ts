import type { ChangelogReset, ChangelogResetOptions } from '@snapstream/core/adapter'
import { withAdmin } from '../driver/with-admin.ts'
import { changelogName } from './changelog-topic.ts'
import { namedTopics, stateGroup } from './state-sources.ts'

/** Deletes the changelog of a store, if there is one. Rejects with `USAGE` for sources whose lanes do not come together. */
export async function resetChangelog({
  store,
  sources,
  enabled,
  dryRun,
}: ChangelogResetOptions): Promise<ChangelogReset> {
  const what = `the store ${JSON.stringify(store)}`
  const { groupId, settings } = stateGroup(namedTopics(sources, what), what)
  if (!enabled) return { group: groupId, items: [] }
  const topic = changelogName(groupId, store)
  return withAdmin(settings, async (admin) => {
    if (!(await admin.listTopics()).includes(topic)) return { group: groupId, items: [] }
    if (!dryRun) await admin.deleteTopics([topic])
    return {
      group: groupId,
      items: [{ kind: 'changelog', name: topic, effect: `the changelog of ${what} is deleted` }],
    }
  })
}
