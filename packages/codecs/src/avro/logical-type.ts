import { avroTypes, type AvroType } from './internals.ts'

/** How the values of a logical type stand for those of the Avro type below. */
export interface LogicalType {
  /** What is read, of what stands in the bytes: a number (or bigint) for `int` and `long`, a string, or a Buffer. */
  fromAvro(value: never): unknown
  /** What is to be written. Throws, or answers with undefined, for a value that it does not take. */
  toAvro(value: unknown): unknown
  /** What its values are told apart by within a union: `'string'`, `'number'`, `'bigint'`, `'date'`, `'object'`, ... */
  readonly kind: string
  /** What has to be the same in another schema for this one to read it, beside the name; of a decimal its scale. */
  readonly unit?: string | undefined
  /** For error messages: `a Date`. */
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

/** The type below, of a logical type; else the type itself. */
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
