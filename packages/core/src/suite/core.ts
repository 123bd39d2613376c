import type * as core from '../index.ts'

/** The package as the suites get it: from its sources, or loaded into a bare context. */
export type Core = typeof core
