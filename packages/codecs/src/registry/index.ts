export type { AvroRegistryOptions, JsonRegistryOptions, SubjectOptions, SubjectStrategy } from './codec-options.ts'
export type {
  NewSchema,
  RegisteredSchema,
  RegistryClient,
  ResolvedReference,
  SchemaReference,
  SchemaType,
  SubjectVersion,
} from './registry-client.ts'
export type { RegistryCodec } from './registry-codec.ts'
export type { RegistryAuth, SchemaRegistryOptions } from './registry-options.ts'
export { SchemaRegistry } from './schema-registry.ts'
