export { JsonCodec } from './json-codec.ts'
export type { JsonCodecOptions } from './json-options.ts'
