export { memory } from './memory.ts'
export type { MemoryOptions } from './memory.ts'
export type { LogRetention } from './partition-log.ts'
