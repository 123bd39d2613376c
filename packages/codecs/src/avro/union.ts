import type { Schema } from 'avsc'
import { avroTypes, isBytes, refuse, Unfit, type AvroType, type ErrorHook } from './avsc.ts'
import { logicalKindOf } from './logical-type.ts'
import type { AvroTap } from './tap.ts'

/** The kind of JavaScript value of each type. A union tells its branches apart by kind. */
const KINDS: Readonly<Record<string, string>> = {
  int: 'number',
  long: 'number',
  'abstract:long': 'bigint',
  float: 'number',
  double: 'number',
  bytes: 'buffer',
  fixed: 'buffer',
  enum: 'string',
  map: 'object',
  record: 'object',
  error: 'object',
}

/** A union of bare values if the kinds of its branches differ, else (or with `wrap`) of `{ branch: value }`. */
export function makeUnion(
  types: readonly AvroType[],
  options: object,
  wrap: boolean,
  nameOf: (type: AvroType) => string,
): UnionType {
  const kinds = types.map((type) => logicalKindOf(type) ?? KINDS[type.typeName] ?? type.typeName)
  const schemas = types as unknown as readonly Schema[]
  if (wrap || new Set(kinds).size < kinds.length) return wrappedUnion(types.map(nameOf), schemas, options)
  const union = new BareUnion(schemas, options)
  for (const [index, kind] of kinds.entries()) union._bucketIndices[kind] = index
  return union
}

export interface UnionType extends AvroType {
  readonly types: readonly AvroType[]
  /** Turns the value of a branch into a value of the union. */
  _toUnion(index: number, value: unknown): unknown
}

class BareUnion extends avroTypes.UnwrappedUnionType implements UnionType {
  override _getIndex(value: unknown): number | undefined {
    return this._bucketIndices[kindOf(value)]
  }
  override _read(tap: AvroTap): unknown {
    return this.types[readBranch(tap, this.types)]!._read(tap)
  }
  override _skip(tap: AvroTap): void {
    this.types[readBranch(tap, this.types)]!._skip(tap)
  }
  override _write(tap: AvroTap, value: unknown): void {
    const index = this._getIndex(value)
    if (index === undefined) throw new Unfit()
    tap.writeLong(index)
    if (value !== null) this.types[index]!._write(tap, value)
  }
  override _copy(value: unknown, options?: { readonly wrap?: number }): unknown {
    if (options?.wrap !== undefined) return copyDefault(this, value, options)
    return this.types[this._getIndex(value)!]!._copy(value, options)
  }
  _toUnion(_index: number, value: unknown): unknown {
    return value
  }
}

/** `{ branch: value }`, as plain objects. Each union has a class of its own, since avsc freezes types when they are made. */
function wrappedUnion(names: readonly string[], schemas: readonly Schema[], options: object): UnionType {
  const indexes = new Map(names.map((name, index) => [name, index]))

  /** The index of the branch, and the value in the wrapper. */
  function unwrap(value: unknown): readonly [index: number | undefined, inner: unknown] {
    if (value === null) return [indexes.get('null'), null]
    const keys = typeof value === 'object' ? Object.keys(value) : []
    const [name = ''] = keys
    return [keys.length === 1 ? indexes.get(name) : undefined, (value as Readonly<Record<string, unknown>>)?.[name]]
  }

  class WrappedUnion extends avroTypes.WrappedUnionType implements UnionType {
    override _read(tap: AvroTap): unknown {
      const index = readBranch(tap, this.types)
      return this._toUnion(index, this.types[index]!._read(tap))
    }
    override _skip(tap: AvroTap): void {
      this.types[readBranch(tap, this.types)]!._skip(tap)
    }
    override _write(tap: AvroTap, value: unknown): void {
      const [index, inner] = unwrap(value)
      if (index === undefined) throw new Unfit()
      tap.writeLong(index)
      this.types[index]!._write(tap, inner)
    }
    override _check(value: unknown, flags: unknown, hook: ErrorHook, path: unknown): boolean {
      const [index, inner] = unwrap(value)
      if (index === undefined) return refuse(value, this, hook)
      const steps = path as string[] | undefined
      if (value !== null) steps?.push(names[index]!)
      const fits = this.types[index]!._check(inner, flags, hook, steps)
      if (value !== null) steps?.pop()
      return fits
    }
    override _copy(value: unknown, options?: { readonly wrap?: number }): unknown {
      if (options?.wrap !== undefined) return copyDefault(this, value, options)
      const [index, inner] = unwrap(value)
      return this._toUnion(index!, this.types[index!]!._copy(inner, options))
    }
    _toUnion(index: number, value: unknown): unknown {
      const name = names[index]!
      return name === 'null' ? null : { [name]: value }
    }
  }
  return new WrappedUnion(schemas, options)
}

/** Reads the index of the next branch. */
export function readBranch(tap: AvroTap, types: readonly AvroType[]): number {
  const index = tap.readLong()
  if (types[index] === undefined) throw new Error(`the branch ${index} of a union in them does not exist`)
  return index
}

/** Takes the first branch that the default matches; avsc would take only the first of all. */
function copyDefault(union: UnionType, value: unknown, options: { readonly wrap?: number }): unknown {
  for (const [index, type] of union.types.entries()) {
    try {
      return union._toUnion(index, type._copy(value, options))
    } catch {
      // The next branch may match.
    }
  }
  throw new Unfit('no branch of the union takes it')
}

function kindOf(value: unknown): string {
  if (typeof value !== 'object') return typeof value
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (isBytes(value)) return 'buffer'
  return value instanceof Date ? 'date' : 'object'
}
