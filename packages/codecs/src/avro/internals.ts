import avro, { type Type } from 'avsc'
import type { AvroTap } from './tap.ts'

export type ErrorHook = ((value: unknown, type: Type) => void) | undefined

/** Reads a value where the tap stands. */
export type Read = (tap: AvroTap) => unknown

/** What avsc's types are made of inside; it is made to be extended, and its types do not say so. */
export interface AvroType extends Type {
  _read(tap: AvroTap): unknown
  _skip(tap: AvroTap): void
  _write(tap: AvroTap, value: unknown): void
  _check(value: unknown, flags: unknown, hook: ErrorHook, path: unknown): boolean
  /** Of a default in a schema with `wrap`, else of a value. */
  _copy(value: unknown, options?: { readonly wrap?: number }): unknown
}

type Made<T> = new (schema?: unknown, options?: unknown) => AvroType & T

interface AvroTypes {
  readonly ArrayType: Made<ArrayParts>
  readonly BooleanType: Made<object>
  readonly BytesType: Made<object>
  readonly EnumType: Made<EnumParts>
  readonly FixedType: Made<{ readonly size: number }>
  readonly FloatType: Made<object>
  readonly IntType: Made<object>
  readonly LogicalType: Made<{ readonly underlyingType: AvroType }>
  readonly LongType: Made<object> & { __with(methods: object, noUnpack: boolean): AvroType }
  readonly MapType: Made<MapParts>
  readonly RecordType: Made<RecordParts>
  readonly StringType: Made<object>
  readonly UnwrappedUnionType: Made<UnionParts & { readonly _bucketIndices: Record<string, number> }>
  readonly WrappedUnionType: Made<UnionParts>
}

export interface ArrayParts {
  readonly itemsType: AvroType
  /** Made before the type is frozen. */
  _createBranchConstructor(): unknown
}

export interface MapParts {
  readonly valuesType: AvroType
  _createBranchConstructor(): unknown
}

export interface EnumParts {
  readonly symbols: readonly string[]
  readonly default?: string
  readonly _indices: Record<string, unknown>
}

interface UnionParts {
  readonly types: readonly AvroType[]
  _getIndex(value: unknown): number | undefined
}

export interface RecordField {
  readonly name: string
  readonly type: AvroType
  readonly aliases: readonly string[]
  defaultValue(): unknown
}

export interface RecordParts {
  readonly fields: readonly RecordField[]
  _createReader(): Read
  _createSkipper(): (tap: AvroTap) => void
  _createWriter(): (tap: AvroTap, value: unknown) => void
  _createChecker(): AvroType['_check']
  _createConstructor(): unknown
}

export const avroTypes = avro.types as unknown as AvroTypes

export function refuse(value: unknown, type: unknown, hook: ErrorHook): false {
  hook?.(value, type as Type)
  return false
}

/** What is wrong exactly is looked for when it is known that something is. */
export class Unfit extends Error {}

/** Unlike an assignment this makes a field of `__proto__` too. */
export function setField(object: object, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
  else (object as Record<string, unknown>)[name] = value
}

/** A field that the object itself has, whatever its prototype has. */
export function getField(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? (object as Record<string, unknown>)[name] : undefined
}

/** Not an array, a Map, a Date and the like; an instance of a class may be. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    (Object.getPrototypeOf(value) === Object.prototype || Object.prototype.toString.call(value) === '[object Object]')
  )
}

export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || Object.prototype.toString.call(value) === '[object Uint8Array]'
}
