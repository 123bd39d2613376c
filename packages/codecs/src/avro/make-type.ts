import avro, { type Schema, type Type } from 'avsc'
import { codecError, messageOf } from '../codec-error.ts'
import type { AvroCodecOptions } from './avro-options.ts'
import type { AvroType, RecordField } from './internals.ts'
import { makeLogicalType } from './logical-type.ts'
import { LOGICAL_TYPES } from './logical-types.ts'
import { ExactLong, bigintLong } from './long.ts'
import { branchNameOf, StrictArray, StrictMap } from './strict-containers.ts'
import { noteUse, StrictRecord } from './strict-record.ts'
import {
  StrictBoolean,
  StrictBytes,
  StrictEnum,
  StrictFixed,
  StrictFloat,
  StrictInt,
  StrictString,
} from './strict-scalars.ts'
import { makeUnion } from './union.ts'
import { originalName, withoutDefaults, withValidNames } from './valid-names.ts'

/** What replaces avsc's own types, which lose some values in silence. */
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

/**
 * The type of a schema that may name those of `references`, in their order. Throws `USAGE` for what is not a schema.
 * `foreign`: others wrote it, and what it says wrongly of defaults counts for nothing.
 */
export function makeType(
  schema: unknown,
  references: readonly unknown[],
  options: TypeOptions,
  name: string,
  foreign = false,
): AvroType {
  try {
    const originals = new Map<string, string>()
    const [own, ...others] = [schema, ...references].map((each) => withValidNames(each, originals))
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
  // Asked again for what is made of the same schema below.
  const below = new Set<unknown>()
  // avsc asks it for names, which may be those of what every object inherits.
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
      // A name; that of a primitive type may be used as often as one likes.
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

  /** With the names that fields were given. */
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
