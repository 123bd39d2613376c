import {
  avroTypes,
  isPlain,
  refuse,
  setField,
  Unfit,
  leastBytesOf,
  type AvroType,
  type ErrorHook,
  type Read,
} from './avsc.ts'
import { readString, writeString } from './scalars.ts'
import type { AvroTap } from './tap.ts'

/** Arrays that check their item count against the bytes and the limits, also when they are skipped. */
export class StrictArray extends avroTypes.ArrayType {
  declare readonly leastBytes: number

  /** Called before avsc freezes the type, and again by a logical type over it. */
  override _createBranchConstructor(): unknown {
    if (!Object.isFrozen(this)) Object.assign(this, { leastBytes: leastBytesOf(this.itemsType) })
    return super._createBranchConstructor()
  }
  override _read(tap: AvroTap): unknown[] {
    return readItems(tap, this.itemsType, this.leastBytes)
  }
  override _skip(tap: AvroTap): void {
    const { itemsType, leastBytes } = this
    for (let left = tap.readBlock(leastBytes, true); left > 0; left = tap.readBlock(leastBytes, true))
      for (; left > 0; left--) itemsType._skip(tap)
  }
  override _write(tap: AvroTap, value: unknown): void {
    if (!Array.isArray(value)) throw new Unfit()
    const { itemsType } = this
    const { length } = value
    if (length > 0) {
      tap.takeItems(length)
      tap.writeLong(length)
      for (let i = 0; i < length; i++) itemsType._write(tap, value[i])
    }
    tap.writeLong(0)
  }
}

/** Reads the items of an array. */
export function readItems(tap: AvroTap, item: { readonly _read: Read }, leastBytes: number): unknown[] {
  const items: unknown[] = []
  for (let left = tap.readBlock(leastBytes, false); left > 0; left = tap.readBlock(leastBytes, false))
    for (; left > 0; left--) items.push(item._read(tap))
  return items
}

/** Reads the entries of a map. */
export function readEntries(tap: AvroTap, value: { readonly _read: Read }, leastBytes: number): object {
  const map = {}
  for (let left = tap.readBlock(leastBytes, false); left > 0; left = tap.readBlock(leastBytes, false))
    for (; left > 0; left--) setField(map, readString(tap), value._read(tap))
  return map
}

/** Maps that keep the key `__proto__`, which avsc loses, and refuse a Map, which avsc takes for an empty map. */
export class StrictMap extends avroTypes.MapType {
  declare readonly leastBytes: number

  override _createBranchConstructor(): unknown {
    if (!Object.isFrozen(this)) Object.assign(this, { leastBytes: leastBytesOf(this.valuesType) + 1 })
    return super._createBranchConstructor()
  }
  override _read(tap: AvroTap): object {
    return readEntries(tap, this.valuesType, this.leastBytes)
  }
  override _skip(tap: AvroTap): void {
    const { valuesType, leastBytes } = this
    for (let left = tap.readBlock(leastBytes, true); left > 0; left = tap.readBlock(leastBytes, true))
      for (; left > 0; left--) {
        tap.skipString()
        valuesType._skip(tap)
      }
  }
  override _write(tap: AvroTap, value: unknown): void {
    if (!isPlain(value)) throw new Unfit()
    const names = Object.keys(value)
    const { valuesType } = this
    if (names.length > 0) {
      tap.takeItems(names.length)
      tap.writeLong(names.length)
      for (const name of names) {
        writeString(tap, name)
        valuesType._write(tap, value[name])
      }
    }
    tap.writeLong(0)
  }
  override _check(value: unknown, flags: unknown, hook: ErrorHook, path: unknown): boolean {
    if (!isPlain(value) || !Object.keys(value).every((name) => name.isWellFormed())) return refuse(value, this, hook)
    return super._check(value, flags, hook, path)
  }
  override _copy(value: unknown, options?: { readonly wrap?: number }): unknown {
    if (!isPlain(value)) throw new Unfit()
    const copy = {}
    for (const name of Object.keys(value)) setField(copy, name, this.valuesType._copy(value[name], options))
    return copy
  }
}

/** The name of a branch in errors and wrapped values. */
export const branchNameOf = (type: AvroType): string => type.branchName ?? type.typeName
