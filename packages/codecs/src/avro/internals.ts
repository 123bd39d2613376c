import avro, { type Type } from 'avsc'

/** Where avsc reads and writes; the part of it that is used here. Beyond the end, `pos` runs on and avsc notices. */
export interface Tap {
  readonly buf: Buffer
  pos: number
  readLong(): number
  writeLong(value: number): void
  skipLong(): void
  readString(): string | undefined
  writeString(text: string): void
}

export type ErrorHook = ((value: unknown, type: Type) => void) | undefined

interface Reads {
  _read(tap: Tap): unknown
}

/** What avsc's types are made of inside; it is made to be extended, and its types do not say so. */
export interface AvroType extends Omit<Type, 'createResolver'>, Reads {
  _write(tap: Tap, value: unknown): void
  _check(value: unknown, flags: unknown, hook: ErrorHook, path: unknown): boolean
  _update(resolver: Partial<Reads>, writer: AvroType, options: unknown): void
  createResolver(writer: AvroType, options?: unknown): Reads
}

type Made<T> = new (schema?: unknown, options?: unknown) => AvroType & T

interface AvroTypes {
  readonly ArrayType: Made<{ readonly itemsType: AvroType }>
  readonly EnumType: Made<{ readonly _indices: Record<string, unknown> }>
  readonly FloatType: Made<object>
  readonly LogicalType: Made<{ readonly underlyingType: AvroType }>
  readonly LongType: Made<object> & { __with(methods: object, noUnpack: boolean): AvroType }
  readonly MapType: Made<{ readonly valuesType: AvroType }>
  readonly RecordType: Made<RecordParts>
  readonly StringType: Made<object>
  readonly UnwrappedUnionType: Made<UnionParts & { readonly _bucketIndices: Record<string, number> }>
  readonly WrappedUnionType: Made<UnionParts>
}

interface UnionParts {
  readonly types: readonly AvroType[]
  _getIndex(value: unknown): number | undefined
}

interface RecordParts {
  readonly fields: readonly { readonly name: string; defaultValue(): unknown }[]
  _checkFields(value: object): boolean
  _createWriter(): (tap: Tap, value: unknown) => void
  _createConstructor(...options: readonly unknown[]): { prototype: object }
}

export const avroTypes = avro.types as unknown as AvroTypes

export function refuse(value: unknown, type: unknown, hook: ErrorHook): false {
  hook?.(value, type as Type)
  return false
}

/** What is wrong exactly is looked for when it is known that something is. */
export class Unfit extends Error {}
