import { createKeySpace, type Attempts, type BufferUse } from '@snapstream/cache/storage'
import type { CacheKey, CacheReads } from '@snapstream/cache'
import type { Lane, RestoreProgress, SinkOptions } from '@snapstream/core'
import type { Changelog } from '@snapstream/core/adapter'
import { createBackground } from './background.ts'
import { createCleanup } from './cleanup.ts'
import type { PositionsOnDisk } from './open-positions.ts'
import { createOpenParts, type OpenParts } from './open-parts.ts'
import type { ResolvedOptions } from './options.ts'
import { createPart, partName, partPrefix, type Part } from './part.ts'
import { putPosition } from './part-position.ts'
import { createProgress } from './progress.ts'
import { restorePart } from './restore.ts'
import { createStandbys, type Standbys } from './standbys.ts'
import type { RecentUse } from './recent-entries.ts'
import type { StateDatabase } from './state-database.ts'

/** The parts of a store in this process: those of its lanes, copies of others, and those that were left behind. */
export interface StoreParts<K extends CacheKey, V> extends Pick<
  OpenParts<Part<K, V>>,
  'open' | 'ofLane' | 'acquire' | 'release'
> {
  readonly standbys: Pick<Standbys<CacheReads<K, V>>, 'copies' | 'follow'>
  /** By partition, the changelog offset on disk, also of parts that belong to other processes. */
  held(): ReadonlyMap<number, number>
  restoring(): readonly RestoreProgress[]
  /** Gives all parts up. What is on disk then survives a crash of the machine, so that nothing of it is read again. */
  close(): Promise<void>
}

interface StorePartsOptions<V> {
  /** The name of the store. */
  readonly store: string
  readonly options: ResolvedOptions<V>
  readonly sink: Pick<SinkOptions, 'host' | 'trouble' | 'restore'>
  readonly database: StateDatabase
  readonly changelog: Pick<Changelog, 'id' | 'topic' | 'read' | 'send' | 'warm' | 'partitionOfLane'>
  readonly positions: PositionsOnDisk
  readonly use: BufferUse
  readonly recentUse: RecentUse
  readonly attempts: Pick<Attempts, 'inFlight'>
}

/** For a part that nothing is written to but records of its changelog. */
const UNUSED = { use: { bytes: 0 }, recentUse: { bytes: 0, maxBytes: 0 } }

export function createStoreParts<K extends CacheKey, V>(given: StorePartsOptions<V>): StoreParts<K, V> {
  const { store, options, sink, database, changelog, positions, use, recentUse, attempts } = given
  const { host } = sink
  const trouble = (error: Error) => sink.trouble(error)
  const report = (progress: RestoreProgress) => sink.restore?.(progress)
  const progress = createProgress({ store, role: 'active', host, report })
  const progressOfCopies = createProgress({ store, role: 'standby', host, report })
  const background = createBackground(trouble)
  const forget = (partition: number, key: Uint8Array) => void changelog.send(partition, key, null)
  const inFlight = (partition: number) =>
    attempts.inFlight().filter(({ origin }) => changelog.partitionOfLane(origin!.lane) === partition)
  const spaceOf = (partition: number) => createKeySpace(partPrefix(store, partition))
  const parts = createOpenParts<Part<K, V>>({
    progress,
    partitionOfLane: changelog.partitionOfLane,
    create: (partition) => createPart<K, V>({ store, partition, options, database, use, recentUse, forget, inFlight }),
    openPart,
  })
  const standbys = createStandbys<CacheReads<K, V>>({
    database,
    changelog,
    host,
    syncMs: options.syncMs,
    background,
    positions,
    progress: progressOfCopies,
    active: progress,
    create(partition) {
      const part = createPart<K, V>({ store, partition, options, database, ...UNUSED, forget() {}, inFlight: () => [] })
      return { part, reads: part.stored }
    },
    isHeld: parts.has,
    trouble,
  })
  const cleanup = createCleanup({
    host,
    cleanupMs: options.cleanupMs,
    database,
    background,
    positions,
    partOf: (partition) => ({ name: partName(store, partition), space: spaceOf(partition) }),
    isInUse: (partition) => parts.has(partition) || standbys.has(partition),
  })

  async function openPart(part: Part<K, V>, signal: AbortSignal): Promise<void> {
    const { partition } = part
    await background.end(partition)
    // A batch that was taken before the part was given up may still be written, and must not overwrite what is restored.
    await database.commit(false, { sync: false })
    if (signal.aborted) return
    if (!positions.has(partition)) positions.set(partition, undefined)
    const position = options.changelog
      ? await restorePart({ database, part, changelog, signal, progress, trouble })
      : undefined
    if (!signal.aborted) await part.open(position)
  }

  function keepPosition({ partition, position }: Part<K, V>): void {
    if (position !== undefined) positions.set(partition, position)
  }

  /** Notes that parts were up to date until now, and have nothing to lose in a crash of the machine. */
  async function sync(upToDate: readonly Part<K, V>[]): Promise<void> {
    const batch = database.opened().batch()
    for (const { space, position } of upToDate)
      if (position !== undefined) putPosition(batch, space, { ...position, synced: position.offset })
    if (batch.length > 0) await batch.write({ sync: true } as object)
    else await batch.close()
  }

  /** Without a changelog a part that is left behind is the only one. */
  function cleanUp(): void {
    if (options.changelog) cleanup.update()
  }

  cleanUp()
  return {
    open: parts.open,
    ofLane: parts.ofLane,
    acquire(source: unknown, lane: Lane, signal: AbortSignal) {
      const opening = parts.acquire(source, lane, signal)
      cleanUp()
      return opening
    },
    release(source: unknown, lane: Lane) {
      const part = parts.ofLane(lane)
      if (part !== undefined) keepPosition(part)
      parts.release(source, lane)
      standbys.update()
      cleanUp()
    },
    standbys: {
      copies: standbys.copies,
      follow(partitions) {
        standbys.follow(partitions)
        cleanUp()
      },
    },
    held() {
      for (const part of parts.open.values()) keepPosition(part)
      const own = new Map<number, number>()
      for (const [partition, position] of positions)
        if (position?.log === changelog.id) own.set(partition, position.offset)
      return own
    },
    restoring: () => [...progress.list(), ...progressOfCopies.list()],
    async close() {
      cleanup.close()
      const open = [...parts.open.values()]
      await parts.close()
      await background.close()
      // The batch that is under way.
      await database.commit(false, { sync: false })
      await sync(open)
    },
  }
}
