import type { CodecContext } from '@snapstream/core'
import type { AvroCodecOptions } from '../avro/avro-options.ts'
import { codecError, show } from '../codec-error.ts'
import { isLimit, LIMIT_EXPECTED, type ByteLimits, type Limits } from '../limits.ts'
import type { Format } from './format.ts'
import type { SchemaReference } from './registry-client.ts'

/**
 * The name of the subject under which a schema is registered. `'TopicName'`: `orders-value` or `orders-key`;
 * `'RecordName'`: the full name of the record (in JSON, its title); `'TopicRecordName'`: `orders-org.Order`; or a function
 * that returns a name that is not empty. `context` is undefined outside of topics, `recordName` where the schema has no
 * name.
 */
export type SubjectStrategy =
  | 'TopicName'
  | 'RecordName'
  | 'TopicRecordName'
  | ((context: CodecContext | undefined, recordName: string | undefined) => string)

/** The options of both registry codecs. */
export interface SubjectOptions {
  /** @default 'TopicName' */
  readonly subject?: SubjectStrategy | undefined
  /**
   * Whether `schema` is registered under its subject with the first write. Otherwise it has to be registered already.
   * Needs `schema`.
   *
   * @default false: a writer should not change the schema of all others unasked
   */
  readonly register?: boolean | undefined
  /**
   * The scope of the failure where a registered schema is invalid or cannot be read as `schema`. `'source'`: the source
   * fails once, with `SCHEMA_UNUSABLE`, whatever its `onError` is. `'record'`: each record of that schema fails, with
   * `DECODE_FAILED`. Choose `'record'` where writers of the topic must not be able to stop its readers.
   *
   * @default 'source': no record of the schema could be read
   */
  readonly unusableSchema?: 'source' | 'record' | undefined
  /** The registered schemas of the named types (in JSON, of the `$ref`s) that `schema` uses. @default [] */
  readonly references?: readonly SchemaReference[] | undefined
}

/** The options of `registry.avro`. */
export interface AvroRegistryOptions
  extends
    SubjectOptions,
    Pick<AvroCodecOptions, 'long' | 'logicalTypes' | 'wrapUnions' | 'maxBytes' | 'maxDepth' | 'maxItems'> {
  /**
   * A schema, or the path of an .avsc file.
   *
   * @default undefined: the latest of the subject for writing, that of each record for reading
   */
  readonly schema?: object | string | undefined
}

/** The options of `registry.json`. */
export interface JsonRegistryOptions extends SubjectOptions, ByteLimits {
  /**
   * A JSON Schema.
   *
   * @default undefined: the latest of the subject for writing, that of each record for reading
   */
  readonly schema?: object | undefined
  /** Whether `format` is checked; otherwise it is an annotation. @default true */
  readonly formats?: boolean | undefined
}

const STRATEGIES: readonly unknown[] = ['TopicName', 'RecordName', 'TopicRecordName']
const LIMITS = ['maxBytes', 'maxDepth', 'maxItems'] as const
const OPTIONS = {
  AVRO: [
    'schema',
    'subject',
    'register',
    'references',
    'unusableSchema',
    'long',
    'logicalTypes',
    'wrapUnions',
    ...LIMITS,
  ],
  JSON: ['schema', 'subject', 'register', 'references', 'unusableSchema', 'formats', 'maxBytes', 'maxDepth'],
}

/** Throws `USAGE` for options that the codec does not take. */
export function checkCodecOptions(
  options: SubjectOptions & Limits,
  { own, type }: Pick<Format<unknown>, 'own' | 'type'>,
): void {
  const usage = (message: string) => codecError('USAGE', message)
  const codec = type === 'AVRO' ? 'registry.avro' : 'registry.json'
  const names = type === 'AVRO' ? OPTIONS.AVRO : OPTIONS.JSON
  for (const name of Object.keys(options))
    if (!names.includes(name)) throw usage(`${codec} has no option ${show(name)}; it takes ${names.join(', ')}`)
  const { subject = 'TopicName', register = false, references = [], unusableSchema = 'source' } = options
  if (typeof subject !== 'function' && !STRATEGIES.includes(subject))
    throw usage(
      `subject of ${codec} has to be one of ${STRATEGIES.join(', ')}, or a function that returns a name, got ${show(subject)}`,
    )
  if (typeof register !== 'boolean') throw usage(`register of ${codec} has to be true or false, got ${show(register)}`)
  if (register && !own) throw usage(`register of ${codec} needs the schema to be registered; give the option schema`)
  if (!Array.isArray(references)) throw usage(`references of ${codec} has to be an array, got ${show(references)}`)
  if (unusableSchema !== 'source' && unusableSchema !== 'record')
    throw usage(`unusableSchema of ${codec} has to be 'source' or 'record', got ${show(unusableSchema)}`)
  for (const name of LIMITS)
    if (options[name] !== undefined && !isLimit(options[name]))
      throw usage(`${name} of ${codec} has to be ${LIMIT_EXPECTED}, got ${show(options[name])}`)
}
