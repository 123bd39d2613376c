import type { AvroType, RecordParts } from './internals.ts'

const SIZES: Readonly<Record<string, number>> = { null: 0, float: 4, double: 8 }
const known = new WeakMap<AvroType, number>()

/**
 * How many bytes a value of this type takes at least: what bounds the work that a claimed number of items makes. Of a type
 * that is still being made, which holds itself, it is 1: some union, array or map stands between.
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
