import { isUtf8 } from 'node:buffer'
import type { Type } from 'avsc'
import { DOUBLED, readLong, writeLong } from './long.ts'
import type { Tap } from './tap.ts'

type ErrorHook = ((value: unknown, type: Type) => void) | undefined
/** What avsc's types are made of inside; the part that is replaced here. */
interface Internals {
  _read(tap: Tap): unknown
  _write(tap: Tap, value: unknown): void
  _check(value: unknown, flags: unknown, hook: ErrorHook, path: unknown): boolean
}
type Replace = (type: Type & Internals) => Partial<Internals>

const LARGEST_FLOAT = 2 ** 128 - 2 ** 103

/**
 * Where avsc is lenient and would lose something in silence: strings and map keys that are not UTF-8, longs from 2^52 on
 * (which it doubles as a number: -4503599627370497 comes back as 4503599627370496), floats beyond float32, a map key that hides the prototype; and where it would read on beyond the end, for as many items as damaged
 * bytes claim there are.
 */
export const STRICT: Readonly<Record<string, Replace>> = {
  string: (type) => ({
    _read: readString,
    _check: (value, _flags, hook) => (typeof value === 'string' && value.isWellFormed()) || refuse(value, type, hook),
  }),
  long(type) {
    const write = type._write.bind(type)
    return {
      _read: readLong,
      _write(tap, value) {
        if (typeof value === 'number' && Number.isSafeInteger(value) && Math.abs(value) >= DOUBLED)
          writeLong(tap, value)
        else write(tap, value)
      },
    }
  },
  float: (type) => ({
    // What rounds to infinity without being it.
    _check: (value, _flags, hook) =>
      (typeof value === 'number' && (Math.abs(value) < LARGEST_FLOAT || !Number.isFinite(value))) ||
      refuse(value, type, hook),
  }),
  map(type) {
    const { valuesType } = type as unknown as { valuesType: Internals }
    const check = type._check.bind(type)
    return {
      _read(tap) {
        const map = {}
        readBlocks(tap, () => {
          const name = readString(tap)
          const value = valuesType._read(tap)
          // Unlike an assignment this makes a field of `__proto__` too.
          Object.defineProperty(map, name, { value, enumerable: true, configurable: true, writable: true })
        })
        return map
      },
      _check: (value, flags, hook, path) =>
        check(value, flags, hook, path) &&
        (Object.keys(value as object).every((name) => name.isWellFormed()) || refuse(value, type, hook)),
    }
  },
  array(type) {
    const { itemsType } = type as unknown as { itemsType: Internals }
    return {
      _read(tap) {
        const items: unknown[] = []
        readBlocks(tap, () => items.push(itemsType._read(tap)))
        return items
      },
    }
  },
}

/** A strict avsc type. What avsc makes is frozen, so this one stands before it. */
export function makeStrict(type: Type, replace: Replace): Type {
  return Object.create(type, Object.getOwnPropertyDescriptors(replace(type as Type & Internals))) as Type
}

function refuse(value: unknown, type: Type, hook: ErrorHook): false {
  hook?.(value, type)
  return false
}

function readString(tap: Tap): string {
  const start = tap.pos
  const text = tap.readString()
  if (text === undefined) return ''
  if (text.includes('\uFFFD')) {
    const end = tap.pos
    tap.pos = start
    const length = tap.readLong()
    tap.pos = end
    if (!isUtf8(tap.buf.subarray(end - length, end))) throw new Error('a string in them is not UTF-8')
  }
  return text
}

function readBlocks(tap: Tap, readItem: (tap: Tap) => void): void {
  const end = tap.buf.length
  for (let count = tap.readLong(); count !== 0; count = tap.readLong()) {
    let left = Math.abs(count)
    if (count < 0) tap.skipLong()
    // Items may take no bytes at all (null), so their number can only be bounded loosely.
    if (left > 1e6 && left > end) throw new Error('truncated buffer')
    for (; left > 0; left--) {
      if (tap.pos > end) throw new Error('truncated buffer')
      readItem(tap)
    }
    if (tap.pos > end) throw new Error('truncated buffer')
  }
}
