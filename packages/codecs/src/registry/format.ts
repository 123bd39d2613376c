import type { SyncCodec } from '@snapstream/core'
import type { RegisteredSchema, SchemaReference, SchemaType } from './registry-client.ts'

/** What differs between Avro and JSON. */
export interface Format<T> {
  readonly type: SchemaType
  /** The schema that was given, as it is registered, and what it calls its record. */
  readonly own: OwnSchema | undefined
  /** Writes by the schema that was given, else by this one. */
  writer(schema: RegisteredSchema | undefined): Promise<SyncCodec<T>>
  /** Reads what was written by this schema, as the one that was given. */
  reader(schema: RegisteredSchema): Promise<SyncCodec<T>>
}

interface OwnSchema {
  readonly text: string
  readonly recordName: string | undefined
  readonly references: readonly SchemaReference[]
}
