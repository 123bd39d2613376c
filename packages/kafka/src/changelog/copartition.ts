import type { Copartition, CopartitionOptions } from '@snapstream/core/adapter'
import { resolveSettings } from '../conf/resolve-settings.ts'
import { withAdmin } from '../driver/with-admin.ts'
import { addCopartitioned } from '../reading/group-stores.ts'
import { groupOf } from '../reading/topic-source.ts'
import { namedTopics, partitionsOf, samePartitions, stateGroup } from './state-sources.ts'

/**
 * Checks that topics have the same number of partitions, and has their group assign them together. Topics that are all read without
 * a group are only checked, as each process has all their partitions. Rejects with `USAGE`.
 */
export async function openCopartition({ scope, title, sources }: CopartitionOptions): Promise<Copartition> {
  const specs = namedTopics(sources, title)
  const isAlone = specs.every((spec) => groupOf(spec, resolveSettings(spec.conf)) === null)
  const group = isAlone ? undefined : stateGroup(specs, title)
  const found = await Promise.all(
    specs.map((spec) => withAdmin(resolveSettings(spec.conf), (admin) => partitionsOf(admin, spec))),
  )
  const { partitions } = samePartitions(found.flat(), title)
  const close = group
    ? addCopartitioned(scope, {
        groupId: group.groupId,
        settings: group.settings,
        topics: specs.flatMap(({ topics }) => topics),
      })
    : () => {}
  return { partitions, close }
}
