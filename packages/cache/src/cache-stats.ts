/** What a cache holds. */
export interface CacheStats {
  /** The entries of the range, those that are not durable yet included. */
  readonly entries: number
  /**
   * What the backend stores of the range, about, in bytes: compressed, and without what was written of late (LevelDB
   * counts its tables, not its log). Undefined where a backend cannot tell.
   */
  readonly rangeBytes: number | undefined
  /** The size of all files of the database, in bytes, whatever the range. Undefined where there are none. */
  readonly diskBytes: number | undefined
}
