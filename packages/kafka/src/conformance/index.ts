export { driverConformance } from './driver-conformance.ts'
export type { ConformanceOptions, TestRunner } from './harness.ts'
