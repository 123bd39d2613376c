import type { Backend } from '../backend.ts'

/** What the suite needs of a test framework: `test` of vitest, node:test or another. */
export interface ConformanceOptions {
  test(name: string, run: () => Promise<void>): unknown
  /** For the names of the tests. */
  readonly name: string
  /** What the cache is made over: a fresh, empty place each time it is called. */
  create(): Promise<string | Backend> | string | Backend
  /** Removes what `create` made. */
  destroy?(location: string | Backend): Promise<void> | void
  readonly supports?: {
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
  }
}
