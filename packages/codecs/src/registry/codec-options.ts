import type { CodecContext } from '@snapstream/core'
import type { AvroCodecOptions } from '../avro/avro-options.ts'
import type { ByteLimits } from '../limits.ts'
import type { SchemaReference } from './registry-client.ts'

/**
 * How the subject is called under which a schema is registered. `'TopicName'`: `orders-value` or `orders-key`;
 * `'RecordName'`: the full name of the record (of JSON, its title); `'TopicRecordName'`: `orders-org.Order`. Or a function,
 * for subjects by any other rule.
 */
export type SubjectStrategy =
  | 'TopicName'
  | 'RecordName'
  | 'TopicRecordName'
  | ((context: CodecContext | undefined, recordName: string | undefined) => string)

export interface SubjectOptions {
  /** @default 'TopicName' */
  readonly subject?: SubjectStrategy | undefined
  /**
   * Whether `schema` is registered under its subject when something is first written. Else it has to be there already.
   * Needs `schema`.
   *
   * @default false: who only writes does not change, unasked, what all others rely on
   */
  readonly register?: boolean | undefined
  /**
   * What fails where a registered schema cannot be used, as it is broken or cannot be read as `schema`: the source, once,
   * with `SCHEMA_UNUSABLE`, whatever `onError` says; or each record of that schema, with `DECODE_FAILED`. Choose `'record'`
   * where whoever may write to the topic is not trusted with stopping its readers.
   *
   * @default 'source': none of the topic's records would be read
   */
  readonly unusableSchema?: 'source' | 'record' | undefined
  /** Where the registry has the named types (of JSON, what `$ref` points to) that `schema` uses. @default [] */
  readonly references?: readonly SchemaReference[] | undefined
}

export interface AvroRegistryOptions
  extends
    SubjectOptions,
    Pick<AvroCodecOptions, 'long' | 'logicalTypes' | 'wrapUnions' | 'maxBytes' | 'maxDepth' | 'maxItems'> {
  /** A schema, or the path of an .avsc file. @default undefined: the latest for writing, the writer's for reading */
  readonly schema?: object | string | undefined
}

export interface JsonRegistryOptions extends SubjectOptions, ByteLimits {
  /** A JSON Schema. @default undefined: the latest for writing, the writer's for reading */
  readonly schema?: object | undefined
  /** Whether `format` is checked. @default true */
  readonly formats?: boolean | undefined
}
