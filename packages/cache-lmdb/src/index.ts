export { LmdbLevel, type LmdbLevelOpenOptions, type LmdbLevelOptions } from './lmdb-level.ts'
export { MAX_KEY_BYTES } from './key-format.ts'
