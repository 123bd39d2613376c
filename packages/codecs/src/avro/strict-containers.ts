import { avroTypes, refuse, Unfit, type AvroType, type ErrorHook, type Tap } from './internals.ts'
import { readString, writeString } from './strict-scalars.ts'

/**
 * Maps with every key that they have (avsc loses `__proto__`, and takes a Map for an empty one), and that are not read
 * beyond the end, for as many items as damaged bytes claim there are.
 */
export class StrictMap extends avroTypes.MapType {
  override _read(tap: Tap): object {
    const map = {}
    const { valuesType } = this
    readBlocks(tap, () => {
      const name = readString(tap)
      const value = valuesType._read(tap)
      // Unlike an assignment this makes a field of `__proto__` too.
      if (name === '__proto__')
        Object.defineProperty(map, name, { value, enumerable: true, configurable: true, writable: true })
      else (map as Record<string, unknown>)[name] = value
    })
    return map
  }
  override _write(tap: Tap, value: unknown): void {
    if (!isMap(value)) throw new Unfit()
    const names = Object.keys(value)
    const { valuesType } = this
    if (names.length > 0) {
      tap.writeLong(names.length)
      for (const name of names) {
        writeString(tap, name)
        valuesType._write(tap, value[name])
      }
    }
    tap.writeLong(0)
  }
  override _check(value: unknown, flags: unknown, hook: ErrorHook, path: unknown): boolean {
    if (!isMap(value) || !Object.keys(value).every((name) => name.isWellFormed())) return refuse(value, this, hook)
    return super._check(value, flags, hook, path)
  }
}

export class StrictArray extends avroTypes.ArrayType {
  override _read(tap: Tap): unknown[] {
    const items: unknown[] = []
    // Of whatever this is called on: it is the reader's type, or what reads another's schema as this one.
    const { itemsType } = this
    readBlocks(tap, () => items.push(itemsType._read(tap)))
    return items
  }
}

/** Records without fields that the schema does not have, and read as plain objects. */
export class StrictRecord extends avroTypes.RecordType {
  override _checkFields(value: object): boolean {
    const names = new Set(this.fields.map(({ name }) => name))
    return isPlain(value) && Object.keys(value).every((name) => names.has(name))
  }

  override _createWriter(): (tap: Tap, value: unknown) => void {
    const write = super._createWriter()
    const { fields } = this
    const lacks = lacksOneOf(fields.filter((field) => field.defaultValue() !== undefined).map(({ name }) => name))
    return (tap, value) => {
      if (typeof value !== 'object' || value === null) throw new Unfit()
      // While no field is left out, it is enough to count them.
      let count = 0
      for (const _ in value) count++
      if (count !== fields.length || lacks(value as Record<string, unknown>))
        if (!this._checkFields(value)) throw new Unfit()
      write(tap, value)
    }
  }

  override _createConstructor(...options: readonly unknown[]): { prototype: object } {
    const made = super._createConstructor(...options)
    made.prototype = Object.prototype
    return made
  }
}

/** Whether any of these fields is left out. Made of code, as avsc's own are, so that it is as quick. */
function lacksOneOf(names: readonly string[]): (value: Record<string, unknown>) => boolean {
  if (names.length === 0) return () => false
  // avsc takes only names that are identifiers.
  const lacks = names.map((name) => `value.${name} === undefined`).join(' || ')
  // oxlint-disable-next-line no-implied-eval, no-new-func
  return new Function('value', `return ${lacks}`) as (value: object) => boolean
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && isPlain(value)
}

/** Not an array, a Map, a Date and the like; an instance of a class may be. */
function isPlain(value: object): boolean {
  return (
    Object.getPrototypeOf(value) === Object.prototype || Object.prototype.toString.call(value) === '[object Object]'
  )
}

function readBlocks(tap: Tap, readItem: () => void): void {
  const end = tap.buf.length
  for (let count = tap.readLong(); count !== 0; count = tap.readLong()) {
    let left = Math.abs(count)
    if (count < 0) tap.skipLong()
    // Items may take no bytes at all (null), so their number can only be bounded loosely.
    if (left > 1e6 && left > end) throw new Error('truncated buffer')
    for (; left > 0; left--) {
      if (tap.pos > end) throw new Error('truncated buffer')
      readItem()
    }
    if (tap.pos > end) throw new Error('truncated buffer')
  }
}

/** The name by which errors and wrapped values call a branch. */
export const branchNameOf = (type: AvroType): string => type.branchName ?? type.typeName
