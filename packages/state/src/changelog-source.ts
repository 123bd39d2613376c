import { SnapstreamError, describe } from '@snapstream/core'
import type { ChangelogSource } from '@snapstream/core/adapter'
import { storeName } from './part.ts'

/** The source that opens the changelog of a store. Throws `USAGE` if one of its sources has none. */
export function changelogSource(sources: readonly unknown[], name: string): ChangelogSource {
  const other = sources.find(
    (source) => typeof (source as Partial<ChangelogSource>)?.['~snapstream.changelog'] !== 'function',
  )
  const [first] = sources
  if (first !== undefined && other === undefined) return first as ChangelogSource
  throw new SnapstreamError(
    'USAGE',
    `${storeName(name)} has a part for each partition of the topics that feed it, got ${describe(other)}; bind topics with a groupId, or use a Cache for other sources`,
  )
}
