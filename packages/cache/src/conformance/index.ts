export { ORDERED_KEYS, cacheConformance } from './cache-conformance.ts'
export type { BackendSupports, ConformanceOptions } from './conformance-options.ts'
