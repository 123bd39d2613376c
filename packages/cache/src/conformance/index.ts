export { ORDERED_KEYS, cacheConformance } from './cache-conformance.ts'
export type { ConformanceOptions } from './conformance-options.ts'
