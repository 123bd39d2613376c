import type { AnyBackend } from '@snapstream/cache/storage'
import { SnapstreamError, describe, type BatchSource } from '@snapstream/core'
import type { TableSource } from '@snapstream/core/adapter'

/** What a table is made of: a topic. */
export interface TableTopic<K, V> extends TableSource, Pick<BatchSource<TableRecord<K, V>>, '~snapstream.source'> {
  /** The name of the topic. */
  readonly name: string
}

/** What a table needs to know of the records of its topic. */
interface TableRecord<K, V> {
  readonly key: K | null
  readonly value: V
}

/** The options of a table. */
export interface TableOptions extends TableFolderOptions {
  /**
   * How long values are kept after a later one has replaced them, in milliseconds before the newest record of their partition, by
   * the timestamps of records: `getAsOf(key, time)` tells the value of that time. Then the latest value of a key is the one with
   * the latest timestamp, not the last one that was written. A number above 0.
   *
   * The topic has to keep old values as long: a compacted topic needs a `min.compaction.lag.ms` of at least `versionedMs`. The
   * versions of a key are read and written together: keep it short for keys that change often.
   *
   * @default undefined: the table has only the latest value of each key
   */
  readonly versionedMs?: number | undefined
}

/** The options of the folder of a table. */
export interface TableFolderOptions {
  /**
   * The folder of the entries, in which the tables of a process share a LevelDB of their own; or any abstract-level database. A
   * restart reads only the records that are new. One process at a time may use it.
   *
   * @default 'state'
   */
  readonly folder?: string | AnyBackend | undefined
  /**
   * The time after which the files of a partition that moved to another process are removed, in milliseconds. A number above 0.
   *
   * @default 600_000 (10 minutes)
   */
  readonly cleanupMs?: number | undefined
  /**
   * The time between two batches that survive a crash of the machine, in milliseconds. A crash of the process loses no batch;
   * after a crash of the machine so much of the topic is read again. A number above 0.
   *
   * @default 10_000
   */
  readonly syncMs?: number | undefined
}

/** The options of a table, with their defaults. */
export interface ResolvedTableOptions {
  readonly folder: string | AnyBackend
  readonly cleanupMs: number
  readonly syncMs: number
  readonly versionedMs: number | undefined
}

const NAMES = ['folder', 'cleanupMs', 'syncMs']

/** Checks the arguments, and adds the defaults. Throws `USAGE`. `maker`: `Table` or `GlobalTable`. */
export function resolveTableOptions(maker: string, topic: unknown, options: TableOptions): ResolvedTableOptions {
  if (typeof (topic as Partial<TableSource> | undefined)?.['~snapstream.table'] !== 'function')
    throw new SnapstreamError(
      'USAGE',
      `${maker} takes a topic, got ${describe(topic)}; for example ${maker}(Topic('customers'))`,
    )
  const title = `${maker}(${(topic as TableTopic<unknown, unknown>).name})`
  const refuse = (expected: string, came: unknown): never => {
    throw new SnapstreamError('USAGE', `${title}: ${expected}, got ${describe(came)}`)
  }
  if (typeof options !== 'object' || options === null) refuse('the options are an object', options)
  const names = maker === 'Table' ? [...NAMES, 'versionedMs'] : NAMES
  const unknown = Object.keys(options).find((name) => !names.includes(name))
  if (unknown !== undefined) refuse(`the options are ${names.join(', ')}`, unknown)
  const { folder = 'state', cleanupMs = 600_000, syncMs = 10_000, versionedMs } = options
  if (typeof folder === 'string' ? folder === '' : typeof folder !== 'object' || folder === null)
    refuse('folder is a folder or an abstract-level database', folder)
  for (const [name, value] of Object.entries({ cleanupMs, syncMs, versionedMs }))
    if (value !== undefined && !(typeof value === 'number' && value > 0))
      refuse(`${name} is a number of milliseconds above 0`, value)
  return { folder, cleanupMs, syncMs, versionedMs }
}
