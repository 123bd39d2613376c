import avro, { type Type } from 'avsc'
import type { AvroTap } from './tap.ts'

export type ErrorHook = ((value: unknown, type: Type) => void) | undefined

/** Reads a value where the tap stands. */
export type Read = (tap: AvroTap) => unknown

/** The internal methods of avsc's types. avsc supports subclasses; its TypeScript types leave these out. */
export interface AvroType extends Type {
  _read(tap: AvroTap): unknown
  _skip(tap: AvroTap): void
  _write(tap: AvroTap, value: unknown): void
  _check(value: unknown, flags: unknown, hook: ErrorHook, path: unknown): boolean
  /** Copies a value; with `wrap` a default in a schema. */
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
  /** Called before the type is frozen. */
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

/** The value does not match the type. The details are looked up afterwards. */
export class Unfit extends Error {}

/** Unlike an assignment this also sets a field `__proto__`. */
export function setField(object: object, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
  else (object as Record<string, unknown>)[name] = value
}

/** An own field of the object: members of its prototype do not count. */
export function getField(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? (object as Record<string, unknown>)[name] : undefined
}

/** Whether it is a plain object or an instance of a class, and no array, Map, Date or the like. */
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

const SIZES: Readonly<Record<string, number>> = { null: 0, float: 4, double: 8 }
const known = new WeakMap<AvroType, number>()

/**
 * The smallest size of a value of this type, in bytes. It bounds the work for the item count that a block claims. For a
 * recursive type that is still being made it is 1: a union, an array or a map is in between.
 */
export function leastBytesOf(type: AvroType): number {
  const found = known.get(type)
  if (found !== undefined) return found
  const parts = type as AvroType & Partial<RecordParts & { readonly size: number; readonly underlyingType: AvroType }>
  let least: number
  if (type.typeName.startsWith('logical:')) return parts.underlyingType ? leastBytesOf(parts.underlyingType) : 1
  if (type.typeName === 'record' || type.typeName === 'error') {
    if (!Object.isFrozen(type)) return 1
    least = parts.fields!.reduce((sum, field) => sum + leastBytesOf(field.type), 0)
  } else if (type.typeName === 'fixed') least = parts.size!
  else least = SIZES[type.typeName] ?? 1
  known.set(type, least)
  return least
}
