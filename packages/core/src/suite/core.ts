import type * as core from '../index.ts'

/** The package as the suites get it: from its sources, or loaded into a context that has next to nothing. */
export type Core = typeof core
