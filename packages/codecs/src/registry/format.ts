import type { SyncCodec } from '@snapstream/core'
import { codecError, messageOf } from '../codec-error.ts'
import type { RegisteredSchema, SchemaReference, SchemaType } from './registry-client.ts'

/** The parts of a registry codec that differ between Avro and JSON. */
export interface Format<T> {
  readonly type: SchemaType
  /** The schema in the options of the codec. */
  readonly own: OwnSchema | undefined
  /** A codec that writes by `own`, else by this schema. */
  writer(schema: RegisteredSchema | undefined): Promise<SyncCodec<T>>
  /** A codec that reads values of this schema as `own`, else as they were written. */
  reader(schema: RegisteredSchema): Promise<SyncCodec<T>>
}

interface OwnSchema {
  /** The schema as it is registered. */
  readonly text: string
  readonly recordName: string | undefined
  readonly references: readonly SchemaReference[]
}

/** Parses a registered schema. Throws `SCHEMA_UNUSABLE`. */
export function parseSchema(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // A primitive type may be registered as a bare name.
    if (/^[a-z]+$/.test(text)) return text
    throw codecError('SCHEMA_UNUSABLE', `${what} is not JSON: ${messageOf(error)}`, error)
  }
}
