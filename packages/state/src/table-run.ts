import { SnapstreamError, describe, type LaneState, type SinkOptions, type SinkWriter } from '@snapstream/core'
import type { TableLog, TableSource } from '@snapstream/core/adapter'
import { openPositions } from './open-positions.ts'
import type { ResolvedTableOptions } from './table-options.ts'
import type { StateDatabase } from './state-database.ts'
import { createTableParts, type TableParts } from './table-parts.ts'

/** A table in a run of a stream. */
export interface TableRun<K, V> {
  readonly log: TableLog
  readonly parts: Pick<TableParts<K, V>, 'open' | 'ofLane' | 'acquire' | 'release'>
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
  const state: { parts: TableParts<K, V> | undefined } = { parts: undefined }
  const log = await topic['~snapstream.table']({
    host,
    scope,
    signal,
    trouble,
    sources,
    held: () => state.parts?.held() ?? new Map<number, number>(),
    standby: (partitions) => state.parts?.follow(partitions),
  })
  try {
    const { database, positions } = await openPositions({
      scope,
      folder: options.folder,
      group: undefined,
      name: id,
      title,
      store: table,
      hasChangelog: true,
      trouble,
    })
    const parts = createTableParts<K, V>({ id, title, options, sink, log, database, positions })
    state.parts = parts
    return { log, parts, state: readOnlyState(parts), writer: readOnlyWriter(title, parts, log, database) }
  } catch (error) {
    await log.close()
    throw error
  }
}

/** Handlers do not write to a table, so there is nothing to keep or to undo. */
function readOnlyState({ restoring }: Pick<TableParts<unknown, unknown>, 'restoring'>): LaneState {
  return {
    open() {},
    close() {},
    begin() {},
    undo() {},
    release() {},
    prepare() {},
    commit() {},
    abort() {},
    restoring,
    readOnly: true,
  }
}

function readOnlyWriter<K, V>(
  title: string,
  parts: Pick<TableParts<K, V>, 'open' | 'close'>,
  log: Pick<TableLog, 'close'>,
  database: Pick<StateDatabase, 'close'>,
): TableRun<K, V>['writer'] {
  return {
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
      try {
        await parts.close()
      } finally {
        await log.close()
        await database.close()
      }
    },
  }
}
