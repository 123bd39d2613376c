import { createKeySpace, createRetention } from '@snapstream/cache/storage'
import { SnapstreamError, toError, type Host } from '@snapstream/core'
import type { TableLog } from '@snapstream/core/adapter'
import type { PositionsOnDisk } from './open-positions.ts'
import { isDamage } from './damage.ts'
import { followPart } from './follow-part.ts'
import { partPrefix } from './part.ts'
import { versionSpace } from './stored-versions.ts'
import type { WrittenPart } from './part-writer.ts'
import type { Progress } from './progress.ts'
import { createTableReads, type PartitionReads } from './table-reads.ts'
import type { StateDatabase } from './state-database.ts'

/** A partition of a table: its latest values on disk, kept up to date. */
export interface TablePart<K, V> {
  readonly partition: number
  readonly reads: PartitionReads<K, V>
  /** Whether it was read to its end. */
  readonly isOpen: boolean
  /** The error after which it is not kept up to date any more. Its reads throw it. */
  readonly failure: Error | undefined
  /**
   * Reads the partition to its end, and goes on with new records until `signal` is aborted. Resolves at the end of the partition,
   * and also when `signal` is aborted.
   */
  open(signal: AbortSignal): Promise<void>
  /** Resolves when nothing is written any more, once the signal is aborted. */
  close(): Promise<void>
}

/** What the parts of a table share. */
export interface TablePartOptions {
  /** The place of the table in its database. */
  readonly id: string
  /** The table in error messages. */
  readonly title: string
  readonly log: TableLog
  /** The records of the log, as they are stored. */
  readonly records: Pick<TableLog, 'id' | 'topic' | 'read'>
  readonly database: StateDatabase
  readonly host: Pick<Host, 'monotonic'>
  readonly syncMs: number
  readonly versionedMs: number | undefined
  readonly positions: PositionsOnDisk
  readonly progress: Progress
  trouble(error: Error): void
}

interface TablePartState {
  phase: 'new' | 'reading' | 'open' | 'closed'
  failure: Error | undefined
  following: Promise<void>
}

export function createTablePart<K, V>(partition: number, options: TablePartOptions): TablePart<K, V> {
  const { id, log, records: changelog, database, host, syncMs, versionedMs, positions, progress, trouble } = options
  const { now, damaged } = database
  const part = tablePartOnDisk(partition, options)
  const { name, space, retention } = part
  const state: TablePartState = { phase: 'new', failure: undefined, following: Promise.resolve() }

  function opened() {
    if (state.failure !== undefined) throw state.failure
    if (state.phase === 'open') return database.opened()
    if (state.phase === 'closed')
      throw new SnapstreamError('NOT_OPEN', `${name} is not open in this process, which gave the partition up`)
    throw new SnapstreamError('STORE_UNAVAILABLE', `${name} is not read to its end yet; try again`)
  }

  async function follow(signal: AbortSignal, caughtUp: () => void): Promise<void> {
    const following = { database, part, changelog, signal, progress, trouble, host, syncMs }
    for await (const position of followPart(following)) {
      positions.set(partition, position)
      if (state.phase !== 'reading') continue
      state.phase = 'open'
      caughtUp()
    }
  }

  return {
    partition,
    reads: createTableReads({
      name,
      log,
      space,
      versions: versionedMs === undefined ? undefined : versionSpace(partPrefix(id, partition)),
      opened,
      now,
      damaged,
      mayExpire: retention.mayExpire,
    }),
    get isOpen() {
      return state.phase === 'open'
    },
    get failure() {
      return state.failure
    },
    open(signal) {
      state.phase = 'reading'
      if (!positions.has(partition)) positions.set(partition, undefined)
      return new Promise((resolve, reject) => {
        state.following = follow(signal, resolve)
          .catch((thrown: unknown) => {
            if (signal.aborted) return
            if (isDamage(thrown)) damaged(thrown)
            state.failure = toError(thrown)
            reject(state.failure)
          })
          .finally(resolve)
      })
    },
    close() {
      state.phase = 'closed'
      return state.following
    },
  }
}

/** A part of a table on disk. */
export function tablePartOnDisk(
  partition: number,
  { id, title, database, versionedMs }: Pick<TablePartOptions, 'id' | 'title' | 'database' | 'versionedMs'>,
): WrittenPart & { readonly partition: number } {
  const space = createKeySpace(partPrefix(id, partition))
  const retention = createRetention({ database, space, maxEntries: Infinity, maxBytes: Infinity })
  return { partition, name: `part ${partition} of ${title}`, space, retention, versionedMs }
}
