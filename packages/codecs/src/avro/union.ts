import type { Schema } from 'avsc'
import { avroTypes, refuse, type AvroType, type ErrorHook, type Tap } from './internals.ts'
import { logicalKindOf } from './logical-type.ts'
import { branchNameOf } from './strict-containers.ts'

/** What the values of a type look like: branches are told apart by it. */
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

/** A union whose values stand for themselves if their branches can be told apart (or as `wrap` says), else in a wrapper. */
export function makeUnion(types: readonly AvroType[], options: object, wrap: boolean): AvroType {
  const kinds = types.map((type) => logicalKindOf(type) ?? KINDS[type.typeName] ?? type.typeName)
  const schemas = types as unknown as readonly Schema[]
  if (wrap || new Set(kinds).size < kinds.length) return new WrappedUnion(schemas, options)
  const union = new BareUnion(schemas, options)
  for (const [index, kind] of kinds.entries()) union._bucketIndices[kind] = index
  return union
}

class BareUnion extends avroTypes.UnwrappedUnionType {
  override _getIndex(value: unknown): number | undefined {
    return this._bucketIndices[kindOf(value)]
  }
}

/** `{ branch: value }`, as plain objects. */
class WrappedUnion extends avroTypes.WrappedUnionType {
  override _read(tap: Tap): unknown {
    const type = this.types[tap.readLong()]
    if (type === undefined) throw new Error('the branch of a union in them does not exist')
    const value = type._read(tap)
    return type.typeName === 'null' ? null : { [branchNameOf(type)]: value }
  }
  override _check(value: unknown, flags: unknown, hook: ErrorHook, path: unknown): boolean {
    const names = typeof value === 'object' && value !== null ? Object.keys(value) : []
    if (value !== null && (names.length !== 1 || !this.types.some((type) => branchNameOf(type) === names[0])))
      return refuse(value, this, hook)
    return super._check(value, flags, hook, path)
  }
  override _update(resolver: { _read?(tap: Tap): unknown }, writer: AvroType, options: unknown): void {
    for (const type of this.types) {
      const inner = attempt(() => type.createResolver(writer, options))
      if (inner === undefined) continue
      const name = branchNameOf(type)
      resolver._read = type.typeName === 'null' ? (tap) => inner._read(tap) : (tap) => ({ [name]: inner._read(tap) })
      return
    }
  }
}

/** avsc throws where one type cannot be read as another. */
function attempt<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}

function kindOf(value: unknown): string {
  if (typeof value !== 'object') return typeof value
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (Buffer.isBuffer(value)) return 'buffer'
  return value instanceof Date ? 'date' : 'object'
}
