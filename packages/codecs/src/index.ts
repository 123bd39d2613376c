export { AvroCodec } from './avro/avro-codec.ts'
export { JsonCodec } from './json/json-codec.ts'
export type { JsonCodecOptions } from './json/json-codec.ts'
