import { avroTypes, type AvroType } from './avsc.ts'

/** A logical type: converts between its values and those of the Avro type below. */
export interface LogicalType {
  /** Converts a decoded value: a number (or bigint) for `int` and `long`, a string, or a Buffer. Throws if it cannot. */
  fromAvro(value: never): unknown
  /** Converts a value to encode. Throws, or returns undefined, for a value that the type does not accept. */
  toAvro(value: unknown): unknown
  /** The kind by which a union recognizes its values: `'string'`, `'number'`, `'bigint'`, `'date'`, `'object'`, ... */
  readonly kind: string
  /** A property that a writer's schema must have in common, beside the name, to be read as this type: the scale of a decimal. */
  readonly unit?: string | undefined
  /** The values that it accepts, for error messages: `a Date`. */
  readonly takes: string
}

/** avsc's type for a schema with this logical type. */
export function makeLogicalType(name: string, logical: LogicalType, schema: object, options: object): AvroType {
  return new Logical(name, logical, schema, options)
}

/** The logical type of a type, with its name. */
export function logicalOf(type: AvroType): { readonly name: string; readonly logical: LogicalType } | undefined {
  return type instanceof Logical ? { name: type.logicalName, logical: type.logical } : undefined
}

/** The Avro type below a logical type; for other types the type itself. */
export const underlyingOf = (type: AvroType): AvroType => (type instanceof Logical ? type.underlyingType : type)

export const logicalKindOf = (type: AvroType): string | undefined => logicalOf(type)?.logical.kind

export const describeLogical = (type: object): string | undefined =>
  type instanceof Logical ? `a ${type.logicalName} (${type.logical.takes})` : undefined

class Logical extends avroTypes.LogicalType {
  readonly logicalName: string
  readonly logical: LogicalType

  constructor(name: string, logical: LogicalType, schema: object, options: object) {
    super(schema, options)
    this.logicalName = name
    this.logical = logical
  }
  _fromValue(value: unknown): unknown {
    return this.logical.fromAvro(value as never)
  }
  _toValue(value: unknown): unknown {
    return this.logical.toAvro(value)
  }
}
