import type { CacheKey } from '@snapstream/cache'
import type { SinkOptions } from '@snapstream/core'
import { changelogSource } from './changelog-source.ts'
import { openPositions } from './open-positions.ts'
import type { ResolvedOptions } from './options.ts'
import { storeName } from './part.ts'
import { createStoreRun, type StoreRun } from './store-run.ts'

interface OpenOptions<V> {
  /** The object that stands for the store. */
  readonly store: object
  readonly name: string
  readonly options: ResolvedOptions<V>
  readonly sink: SinkOptions
}

/** Opens the changelog and the folder of a store for a run. */
export async function openStoreRun<K extends CacheKey, V>(given: OpenOptions<V>): Promise<StoreRun<K, V>> {
  const { store, name, options, sink } = given
  const { host, scope, signal, sources } = sink
  const trouble = (error: Error) => sink.trouble(error)
  const state: { run: StoreRun<K, V> | undefined } = { run: undefined }
  const changelog = await changelogSource(sources, name)['~snapstream.changelog']({
    host,
    scope,
    signal,
    sources,
    store: name,
    exactlyOnce: options.exactlyOnce,
    enabled: options.changelog,
    replicationFactor: options.replicationFactor,
    retentionMs: options.retentionMs,
    standbys: options.standbys,
    endpoint: options.endpoint,
    trouble,
    held: () => state.run?.parts.held() ?? new Map<number, number>(),
    checkpoint: () => sink.checkpoint?.(),
    standby: (partitions) => state.run?.parts.standbys.follow(partitions),
  })
  const place = {
    scope,
    folder: options.folder,
    group: changelog.group,
    name,
    title: storeName(name),
    store,
    hasChangelog: options.changelog,
    trouble,
  }
  try {
    const { database, positions } = await openPositions(place)
    state.run = createStoreRun<K, V>({ store: name, options, sink, database, changelog, positions })
    return state.run
  } catch (error) {
    await changelog.close()
    throw error
  }
}
