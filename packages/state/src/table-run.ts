import { createKeySpace, readSubNames } from '@snapstream/cache/storage'
import { SnapstreamError, describe, type LaneState, type SinkOptions, type SinkWriter } from '@snapstream/core'
import type { TableLog, TableSource } from '@snapstream/core/adapter'
import { createBackground } from './background.ts'
import { createCleanup, type PositionsOnDisk } from './cleanup.ts'
import { createOpenParts, type OpenParts } from './open-parts.ts'
import { partPrefix, storePrefix } from './part.ts'
import { createProgress } from './progress.ts'
import { openStateDatabase, type StateDatabase } from './state-database.ts'
import type { ResolvedTableOptions } from './table-options.ts'
import { createTablePart, tablePartName, type TablePart } from './table-part.ts'
import { tableRecords } from './table-records.ts'

/** A table in a run of a stream. */
export interface TableRun<K, V> {
  readonly log: TableLog
  readonly parts: Pick<OpenParts<TablePart<K, V>>, 'open' | 'ofLane' | 'acquire' | 'release'>
  /** The state of lanes for which the table does nothing. */
  readonly state: LaneState
  readonly writer: SinkWriter<never> & { close(): Promise<void> }
}

interface TableRunOptions {
  /** The object that stands for the table. */
  readonly table: object
  /** The table in error messages. */
  readonly title: string
  /** Its place in the database: no store has such a name. */
  readonly id: string
  readonly topic: TableSource
  readonly options: ResolvedTableOptions
  readonly sink: SinkOptions
  /** The sources beside it. Undefined: all of the topic is read. */
  readonly sources: readonly unknown[] | undefined
}

/** Opens the log and the folder of a table for a run. */
export async function openTableRun<K, V>(given: TableRunOptions): Promise<TableRun<K, V>> {
  const { table, title, id, topic, options, sink, sources } = given
  const { host, scope, signal } = sink
  const trouble = (error: Error) => sink.trouble(error)
  const log = await topic['~snapstream.table']({ host, scope, signal, trouble, sources })
  try {
    const { folder } = options
    const database = await openStateDatabase({
      scope,
      folder,
      group: undefined,
      name: id,
      title,
      store: table,
      hasChangelog: true,
      trouble,
    })
    try {
      const partitions = await readSubNames(database.opened(), title, storePrefix(id))
      const positions: PositionsOnDisk = new Map(partitions.map((name) => [Number(name), undefined]))
      return createTableRun(given, log, database, positions)
    } catch (error) {
      await database.close()
      throw error
    }
  } catch (error) {
    await log.close()
    throw error
  }
}

function createTableRun<K, V>(
  { title, id, options, sink }: TableRunOptions,
  log: TableLog,
  database: StateDatabase,
  positions: PositionsOnDisk,
): TableRun<K, V> {
  const { host } = sink
  const { syncMs, cleanupMs } = options
  const { topic } = log
  const trouble = (error: Error) => sink.trouble(error)
  const progress = createProgress({
    store: topic,
    role: 'active',
    host,
    report: (progress) => sink.restore?.(progress),
  })
  const records = tableRecords(log, title, trouble)
  const background = createBackground(trouble)
  const shared = { id, title, log, records, database, host, syncMs, positions, progress, trouble }
  const parts = createOpenParts<TablePart<K, V>>({
    progress,
    partitionOfLane: log.partitionOfLane,
    create: (partition) => createTablePart<K, V>(partition, shared),
    async openPart(part, signal) {
      await background.end(part.partition)
      if (!signal.aborted) await part.open(signal)
    },
  })
  const cleanup = createCleanup({
    host,
    cleanupMs,
    database,
    background,
    positions,
    partOf: (partition) => ({
      name: tablePartName(title, partition),
      space: createKeySpace(partPrefix(id, partition)),
    }),
    isInUse: parts.has,
  })
  cleanup.update()

  return {
    log,
    parts: {
      open: parts.open,
      ofLane: parts.ofLane,
      acquire: parts.acquire,
      release(source, lane) {
        parts.release(source, lane)
        cleanup.update()
      },
    },
    state: {
      open() {},
      close() {},
      begin() {},
      undo() {},
      release() {},
      prepare() {},
      commit() {},
      abort() {},
      restoring: progress.list,
      readOnly: true,
    },
    writer: {
      write(value) {
        throw new SnapstreamError(
          'USAGE',
          `${title} is read only, got ${describe(value)}; name the table in \`use\`, and bind its topic as the sink`,
        )
      },
      /** Handlers must not go on beside a table that is not kept up to date. */
      flush() {
        for (const { failure } of parts.open.values()) if (failure !== undefined) throw failure
      },
      async close() {
        cleanup.close()
        try {
          await parts.close()
          await background.close()
        } finally {
          await log.close()
          await database.close()
        }
      },
    },
  }
}
