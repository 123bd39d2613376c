export { JsonCodec } from './json-codec.ts'
export type { JsonCodecOptions } from './json-codec.ts'
