export { kafkats } from './kafkats.ts'
export type { KafkatsOptions } from './kafkats.ts'
