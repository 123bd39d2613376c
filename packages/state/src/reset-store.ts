import type { ResetItem } from '@snapstream/core'
import { sourcesOf, type ResetOptions } from '@snapstream/core/adapter'
import { changelogSource } from './changelog-source.ts'
import type { ResolvedOptions } from './options.ts'
import { resetFolder } from './reset-folder.ts'

interface StoreReset<V> {
  readonly name: string
  readonly options: ResolvedOptions<V>
  /** The object that stands for the store. */
  readonly store: object
  readonly reset: ResetOptions
}

/**
 * Removes the changelog of a store and its parts in this folder, or tells what would be removed. Rejects with `CACHE_LOCKED` if
 * a process has the folder open, and with errors of the changelog.
 */
export async function resetStore<V>(given: StoreReset<V>): Promise<readonly ResetItem[]> {
  const { name, store, options, reset } = given
  const { bindings, dryRun, scope } = reset
  const sources = sourcesOf(bindings, store)
  const source = changelogSource(sources, name)
  const { group } = await source['~snapstream.resetChangelog']({ store: name, sources, enabled: false, dryRun: true })
  // A folder that is in use stands in the way before anything is deleted.
  const { folder } = options
  const parts = await resetFolder({ folder, group, stores: [name], dryRun, scope })
  const enabled = options.changelog
  const { items } = await source['~snapstream.resetChangelog']({ store: name, sources, enabled, dryRun })
  return [...items, ...parts]
}
