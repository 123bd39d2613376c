export { AvroCodec } from './avro-codec.ts'
