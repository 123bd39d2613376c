export { memory } from './memory.ts'
export type { MemoryOptions } from './memory.ts'
export type { Retention } from './partition-log.ts'
