export { instrument } from './instrument.ts'
export type { InstrumentOptions } from './instrument.ts'
export { traceHeaders } from './trace-headers.ts'
