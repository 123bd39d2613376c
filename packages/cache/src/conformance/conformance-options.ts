import type { AnyBackend } from '../backend/backend.ts'

/** The options of `cacheConformance`: a test framework, a backend, and its abilities. */
export interface ConformanceOptions {
  /** Registers a test: `test` of vitest, node:test or another framework. */
  test(name: string, run: () => Promise<void>): unknown
  /** The prefix of the tests' names. */
  readonly name: string
  /** Returns a new, empty folder or database with each call. */
  create(): Promise<string | AnyBackend> | string | AnyBackend
  /** Removes the folder or database of `create` after its test. @default undefined: nothing is removed */
  destroy?(location: string | AnyBackend): Promise<void> | void
  /** The abilities of the backend. A test compares them with the manifest of the database. @default {} */
  readonly supports?: BackendSupports
}

/** The abilities of a backend, by the names of abstract-level's manifest `db.supports` where that has one. */
export interface BackendSupports {
  /** Whether the backend has synchronous reads. @default true */
  readonly getSync?: boolean
  /**
   * Whether the same location has its entries after it was closed and opened again.
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
   * Whether entries outlive the process. A cache copies the values that it reads from a backend with `false`, which goes on
   * using their memory.
   *
   * @default not tested
   */
  readonly permanence?: boolean
  /**
   * The longest key of the backend, in bytes, which the database has as `maxKeyBytes`. A cache refuses a longer key before
   * it is in a batch.
   *
   * @default no limit
   */
  readonly maxKeyBytes?: number
  /**
   * Whether batches take the option `ifExists`, the bytes of a key: if the key does not exist, the batch writes nothing and
   * rejects with `LEVEL_CONFLICT`. The database has it as `conditionalBatches`. A backend that several processes may open
   * needs it for exactly-once caches.
   *
   * @default false
   */
  readonly conditionalBatches?: boolean
}
