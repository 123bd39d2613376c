export { MAX_KEY_BYTES } from './encoding.ts'
export { LmdbLevel } from './lmdb-level.ts'
export type { LmdbLevelOpenOptions, LmdbLevelOptions } from './options.ts'
