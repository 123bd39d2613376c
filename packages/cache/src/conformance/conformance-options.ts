import type { AnyBackend } from '../backend/backend.ts'

/** What the suite needs of a test framework: `test` of vitest, node:test or another. */
export interface ConformanceOptions {
  test(name: string, run: () => Promise<void>): unknown
  /** For the names of the tests. */
  readonly name: string
  /** What the cache is made over: a fresh, empty place each time it is called. */
  create(): Promise<string | AnyBackend> | string | AnyBackend
  /** Removes what `create` made. */
  destroy?(location: string | AnyBackend): Promise<void> | void
  /** What the backend has, as far as it is not the default. A test holds it against the manifest of the database. */
  readonly supports?: BackendSupports
}

/** What a backend supports; where abstract-level's manifest, `db.supports`, has a name for it, by that name. */
export interface BackendSupports {
  /** @default true */
  readonly getSync?: boolean
  /**
   * Whether the entries are still there after the same location was closed and opened again.
   *
   * @default true
   */
  readonly reopen?: boolean
  /**
   * Whether the backend has explicit snapshots.
   *
   * @default true
   */
  readonly snapshots?: boolean
  /**
   * Whether entries outlive the process. Says whether a cache takes what it reads for memory of its own: a backend that
   * hands out memory that it goes on using has `false`.
   *
   * @default not tested
   */
  readonly permanence?: boolean
  /**
   * The longest key that can be put, in bytes, where there is a limit; the database has it as `maxKeyBytes`. A cache then
   * refuses a longer key before it gets into a batch.
   *
   * @default no limit
   */
  readonly maxKeyBytes?: number
  /**
   * Whether batches take the option `ifExists`, the bytes of a key, without which they write nothing and reject with
   * `LEVEL_CONFLICT`; the database has it as `conditionalBatches`. A backend that lets several processes in needs it for
   * caches that are exactly once.
   *
   * @default false
   */
  readonly conditionalBatches?: boolean
}
