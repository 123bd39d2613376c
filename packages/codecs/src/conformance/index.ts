export { codecConformance } from './codec-conformance.ts'
export type { ConformanceOptions } from './conformance-options.ts'
