import avro, { type Schema, type Type } from 'avsc'
import { codecError, messageOf } from '../codec-error.ts'
import type { AvroCodecOptions } from './avro-options.ts'
import { originalName, withoutDefaults, withValidNames, type WholeAvroSchema } from './avro-schema.ts'
import type { AvroType, RecordField } from './avsc.ts'
import { branchNameOf, StrictArray, StrictMap } from './containers.ts'
import { makeLogicalType } from './logical-type.ts'
import { LOGICAL_TYPES } from './logical-types.ts'
import { noteUse, StrictRecord } from './record.ts'
import {
  StrictBoolean,
  StrictBytes,
  StrictEnum,
  StrictFixed,
  StrictFloat,
  StrictInt,
  StrictString,
  ExactLong,
  bigintLong,
} from './scalars.ts'
import { makeUnion } from './union.ts'

/** The replacements of avsc's own types, which lose some values without an error. */
const STRICT: Readonly<Record<string, new (schema: unknown, options: unknown) => AvroType>> = {
  array: StrictArray,
  boolean: StrictBoolean,
  bytes: StrictBytes,
  enum: StrictEnum,
  error: StrictRecord,
  fixed: StrictFixed,
  float: StrictFloat,
  int: StrictInt,
  long: ExactLong,
  map: StrictMap,
  record: StrictRecord,
  string: StrictString,
}

export type TypeOptions = Pick<AvroCodecOptions, 'long' | 'logicalTypes' | 'wrapUnions'>

/** Makes the type of a schema. Throws `USAGE` for an invalid schema. */
export function makeType(schema: WholeAvroSchema, options: TypeOptions): AvroType {
  const { content, references, name, foreign = false } = schema
  try {
    const originals = new Map<string, string>()
    const [own, ...others] = [content, ...references].map((each) => withValidNames(each, originals))
    if (!foreign) return build(own, others, options, originals)
    try {
      return build(own, others, options, originals)
    } catch {
      return build(withoutDefaults(own), others.map(withoutDefaults), options, originals)
    }
  } catch (error) {
    throw codecError('USAGE', `${name} cannot use its schema: ${messageOf(error)}`, error)
  }
}

function build(
  schema: unknown,
  references: readonly unknown[],
  { long = 'number', logicalTypes = {}, wrapUnions = 'auto' }: TypeOptions,
  originals: ReadonlyMap<string, string>,
): AvroType {
  const bigint = long === 'bigint'
  const long64 = bigint ? bigintLong() : undefined
  // A logical type makes the type below it from the same schema: then the hook is called for it again.
  const below = new Set<unknown>()
  // Without a prototype: avsc looks up names in it, which may be those of Object's own members.
  const registry: Record<string, Type> = Object.create(null) as Record<string, Type>

  const options: {
    readonly registry: typeof registry
    namespace?: string
    typeHook: (schema: Schema) => Type | undefined
  } = {
    registry,
    typeHook: (schema: Schema) => makeOne(schema),
  }

  function makeOne(schema: unknown): AvroType | undefined {
    if (typeof schema === 'string') {
      // A name. A primitive type is registered when its name is first used.
      if (registry[schema] === undefined && Object.hasOwn(STRICT, schema))
        registry[schema] = makeOne({ type: schema }) as unknown as Type
      const { namespace } = options
      const used = registry[schema.includes('.') || !namespace ? schema : `${namespace}.${schema}`]
      if (used) noteUse(used as AvroType)
      return undefined
    }
    if (Array.isArray(schema)) return makeUnion(schema.map(toType), options, wrapUnions === 'always', nameOf)
    if (typeof schema !== 'object' || schema === null) return undefined
    return makeLogical(schema as Readonly<Record<string, unknown>>) ?? makeStrict(schema)
  }

  function makeLogical(schema: Readonly<Record<string, unknown>>): AvroType | undefined {
    const { logicalType, type } = schema
    if (typeof logicalType !== 'string' || below.delete(schema)) return undefined
    const given = Object.hasOwn(logicalTypes, logicalType) ? logicalTypes[logicalType] : undefined
    const known = given === undefined && Object.hasOwn(LOGICAL_TYPES, logicalType)
    const logical = given || (known ? LOGICAL_TYPES[logicalType]?.(type, schema, bigint) : undefined)
    if (!logical) return undefined
    below.add(schema)
    return makeLogicalType(logicalType, logical, schema, options)
  }

  function makeStrict(schema: { readonly type?: unknown }): AvroType | undefined {
    const kind = schema.type
    // { type: { type: 'string' } } and { type: ['null', 'string'] } are schemas too.
    if (typeof kind === 'object' && kind !== null) return toType(kind)
    if (kind === 'long' && long64) return long64
    if (typeof kind !== 'string' || !Object.hasOwn(STRICT, kind)) return undefined
    return new (kind === 'record' || kind === 'error' ? Record : STRICT[kind]!)(schema, options)
  }

  /** A record whose fields have the names of the schema. */
  class NamedRecord extends StrictRecord {
    override _namedFields(): readonly RecordField[] {
      return this.fields.map(({ name, type, aliases, defaultValue }) => ({
        name: originalName(name, originals),
        type,
        aliases: aliases.map((alias) => originalName(alias, originals)),
        defaultValue,
      }))
    }
  }
  const Record = originals.size > 0 ? NamedRecord : StrictRecord

  const toType = (schema: unknown) => avro.Type.forSchema(schema as Schema, options) as unknown as AvroType
  const nameOf = (type: AvroType) => originalName(branchNameOf(type), originals)
  for (const reference of references) toType(reference)
  return toType(schema)
}
