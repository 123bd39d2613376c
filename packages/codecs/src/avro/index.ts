export { AvroCodec } from './avro-codec.ts'
export type { AvroCodecOptions } from './avro-options.ts'
export type { LogicalType } from './logical-type.ts'
