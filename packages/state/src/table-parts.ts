import type { Lane, RestoreProgress, SinkOptions } from '@snapstream/core'
import type { TableLog } from '@snapstream/core/adapter'
import { createBackground } from './background.ts'
import { createCleanup } from './cleanup.ts'
import { createOpenParts, type OpenParts } from './open-parts.ts'
import type { PositionsOnDisk } from './open-positions.ts'
import { createProgress } from './progress.ts'
import { createStandbys } from './standbys.ts'
import type { StateDatabase } from './state-database.ts'
import type { ResolvedTableOptions } from './table-options.ts'
import { createTablePart, tablePartOnDisk, type TablePart } from './table-part.ts'
import { tableRecords } from './table-records.ts'

/** The parts of a table in this process: those of its lanes, those that will move here, and those that were left behind. */
export interface TableParts<K, V> extends Pick<
  OpenParts<TablePart<K, V>>,
  'open' | 'ofLane' | 'acquire' | 'release' | 'close'
> {
  /** Follows these parts, and no others. */
  follow(partitions: readonly number[]): void
  /** By partition, the offset on disk, also of parts that belong to other processes. */
  held(): ReadonlyMap<number, number>
  restoring(): readonly RestoreProgress[]
}

interface TablePartsOptions {
  /** The place of the table in its database. */
  readonly id: string
  /** The table in error messages. */
  readonly title: string
  readonly options: ResolvedTableOptions
  readonly sink: Pick<SinkOptions, 'host' | 'trouble' | 'restore'>
  readonly log: TableLog
  readonly database: StateDatabase
  readonly positions: PositionsOnDisk
}

export function createTableParts<K, V>(given: TablePartsOptions): TableParts<K, V> {
  const { id, title, options, sink, log, database, positions } = given
  const { host } = sink
  const { syncMs, cleanupMs, versionedMs } = options
  const trouble = (error: Error) => sink.trouble(error)
  const report = (progress: RestoreProgress) => sink.restore?.(progress)
  const progress = createProgress({ store: log.topic, role: 'active', host, report })
  const progressOfCopies = createProgress({ store: log.topic, role: 'standby', host, report })
  const records = tableRecords(log, title, trouble)
  const background = createBackground(trouble)
  const shared = { id, title, log, records, database, host, syncMs, versionedMs, positions, progress, trouble }
  const parts = createOpenParts<TablePart<K, V>>({
    progress,
    partitionOfLane: log.partitionOfLane,
    create: (partition) => createTablePart<K, V>(partition, shared),
    async openPart(part, signal) {
      await background.end(part.partition)
      if (!signal.aborted) await part.open(signal)
    },
  })
  const standbys = createStandbys({
    database,
    changelog: records,
    host,
    syncMs,
    background,
    positions,
    progress: progressOfCopies,
    active: progress,
    create: (partition) => ({ part: tablePartOnDisk(partition, shared), reads: undefined }),
    isHeld: parts.has,
    trouble,
  })
  const cleanup = createCleanup({
    host,
    cleanupMs,
    database,
    background,
    positions,
    partOf: (partition) => tablePartOnDisk(partition, shared),
    isInUse: (partition) => parts.has(partition) || standbys.has(partition),
  })
  cleanup.update()

  return {
    open: parts.open,
    ofLane: parts.ofLane,
    acquire(source: unknown, lane: Lane, signal: AbortSignal) {
      const opening = parts.acquire(source, lane, signal)
      cleanup.update()
      return opening
    },
    release(source: unknown, lane: Lane) {
      parts.release(source, lane)
      standbys.update()
      cleanup.update()
    },
    follow(partitions) {
      standbys.follow(partitions)
      cleanup.update()
    },
    held() {
      const own = new Map<number, number>()
      for (const [partition, position] of positions) if (position?.log === log.id) own.set(partition, position.offset)
      return own
    },
    restoring: () => [...progress.list(), ...progressOfCopies.list()],
    async close() {
      cleanup.close()
      await parts.close()
      await background.close()
    },
  }
}
