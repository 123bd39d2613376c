import type { AbstractDatabaseOptions, AbstractOpenOptions } from 'abstract-level'

/** The options of `open` and of the constructor, in addition to those of every abstract-level database. */
export interface LmdbLevelOpenOptions extends AbstractOpenOptions {
  /**
   * Opens an existing database for reading only, beside the process that writes. Writes are rejected with
   * `LEVEL_NOT_SUPPORTED`.
   *
   * @default false
   */
  readonly readOnly?: boolean | undefined
  /**
   * The most snapshots that may be read at once, over all processes. An open iterator is one. The process that opens the
   * folder first sets it for all.
   *
   * @default 126
   */
  readonly maxReaders?: number | undefined
}

/** The options of the constructor of `LmdbLevel`. */
export interface LmdbLevelOptions<K, V> extends AbstractDatabaseOptions<K, V>, Omit<LmdbLevelOpenOptions, 'passive'> {}
