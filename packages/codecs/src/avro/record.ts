import { Buffer } from 'node:buffer'
import { DEFAULT_LIMITS } from '../limits.ts'
import {
  avroTypes,
  getField,
  isPlain,
  refuse,
  setField,
  Unfit,
  leastBytesOf,
  type AvroType,
  type Read,
  type RecordField,
} from './avsc.ts'
import { AvroTap } from './tap.ts'

/** Reading fewer bytes than this beyond the end is cheap. */
const LARGE_BYTES = 256

/** Records that contain themselves: the schema does not bound their nesting. */
const recursive = new WeakSet<object>()

/** To be called for each type that another one names: a record that is still being made is recursive. */
export function noteUse(type: AvroType): void {
  const { underlyingType: record = type } = type as AvroType & { readonly underlyingType?: AvroType }
  if (record instanceof StrictRecord && !Object.isFrozen(record)) recursive.add(record)
}

/**
 * Records as plain objects that have exactly the fields of the schema, whatever their names (`__proto__`, `constructor`).
 * Their functions are generated code, like avsc's own, and as fast.
 */
export class StrictRecord extends avroTypes.RecordType {
  /** Its fields, with their names in the schema. */
  _namedFields(): readonly RecordField[] {
    return this.fields
  }

  /** avsc's generated constructors are not used. */
  override _createConstructor(): unknown {
    return Object
  }

  override _createReader(): Read {
    const types = this.fields.map(({ type }) => type)
    const fields = this._namedFields().map(({ name }, i) => [name, `p${i}._read(t)`] as const)
    return guarded(this, this, compile(types, 't', `return ${objectOf(fields)}`) as Read)
  }

  override _createSkipper(): (tap: AvroTap) => void {
    const types = this.fields.map(({ type }) => type)
    return guarded(this, this, compile(types, 't', types.map((_, i) => `p${i}._skip(t)`).join('\n')) as () => void)
  }

  override _createWriter(): (tap: AvroTap, value: unknown) => void {
    const fields = this._namedFields()
    const defaults = fields.map(encodeDefault)
    // If no field is left out, counting them is enough.
    const lacks = fields.filter((_, i) => defaults[i] !== undefined).map(({ name }) => `${valueOf(name)} === undefined`)
    const write = compile(
      fields.map(({ type }) => type),
      't, v',
      [
        "if (typeof v !== 'object' || v === null) throw new Unfit()",
        'let count = 0',
        'for (const _ in v) count++',
        `if (${[`count !== ${fields.length}`, ...lacks].join(' || ')}) check(v)`,
        ...fields.map(({ name }, i) =>
          defaults[i] === undefined
            ? `p${i}._write(t, ${valueOf(name)})`
            : `const v${i} = ${valueOf(name)}
              if (v${i} === undefined) t.writeFixed(defaults[${i}])
              else p${i}._write(t, v${i})`,
        ),
      ].join('\n'),
      {
        Unfit,
        defaults,
        check: (value: object) => {
          if (!hasOnly(value, fields)) throw new Unfit()
        },
      },
    )
    return guarded(this, this, write as (tap: AvroTap, value: unknown) => void, false)
  }

  override _createChecker(): AvroType['_check'] {
    return (value, flags, hook, path) => {
      const fields = this._namedFields()
      if (!hasOnly(value, fields)) return refuse(value, this, hook)
      let fits = true
      for (const { name, type, defaultValue } of fields) {
        const field = name in Object.prototype ? getField(value, name) : value[name]
        if (field === undefined && defaultValue() !== undefined) continue
        const steps = path as string[] | undefined
        steps?.push(name)
        fits = type._check(field, flags, hook, steps) && fits
        steps?.pop()
      }
      return fits
    }
  }

  override _copy(value: unknown, options?: { readonly wrap?: number }): unknown {
    const fields = this._namedFields()
    if (!hasOnly(value, fields)) throw new Unfit()
    const copy = {}
    for (const { name, type, defaultValue } of fields) {
      const field = getField(value, name)
      const made = field === undefined ? defaultValue() : type._copy(field, options)
      if (made === undefined) throw new Unfit(`the field ${name} is missing`)
      setField(copy, name, made)
    }
    return copy
  }
}

/** A field of the writer, and the fields of the reader that it is read as; with none it is skipped. */
export interface WrittenField {
  readonly skip: (tap: AvroTap) => void
  readonly targets: readonly { readonly name: string; readonly read: Read }[]
}

/** Reads a record of another schema, in the order of its fields. Fields that it does not have come from `defaults`. */
export function resolvedRecord(
  reader: StrictRecord,
  writer: StrictRecord,
  written: readonly WrittenField[],
  defaults: ReadonlyMap<string, () => unknown>,
): Read {
  const parts: unknown[] = []
  const part = (made: unknown) => `p${parts.push(made) - 1}`
  const lines: string[] = []
  const variables = new Map<string, string>()
  for (const { skip, targets } of written) {
    if (targets.length === 0) lines.push(`${part(skip)}(t)`)
    if (targets.length > 1) lines.push('at = t.pos')
    for (const [i, { name, read }] of targets.entries()) {
      if (i > 0) lines.push('t.pos = at')
      const variable = `v${variables.size}`
      variables.set(name, variable)
      lines.push(`const ${variable} = ${part(read)}(t)`)
    }
  }
  const made = reader
    ._namedFields()
    .map(({ name }) => [name, variables.get(name) ?? `${part(defaults.get(name))}()`] as const)
  return guarded(
    reader,
    writer,
    compile(parts, 't', ['let at', ...lines, `return ${objectOf(made)}`].join('\n')) as Read,
  )
}

/**
 * Applies the limits where the input does not bound the work: to the depth of recursive records, and to the number of
 * records without bytes. A large record is not begun if the input is too short.
 */
function guarded<F extends (tap: AvroTap, value?: never) => unknown>(
  reader: AvroType,
  writer: AvroType,
  run: F,
  isReading = true,
): F {
  const least = leastOf(writer)
  const isRecursive = recursive.has(reader) || recursive.has(writer)
  if (least > 0 && (least < LARGE_BYTES || !isReading) && !isRecursive) return run
  return ((tap: AvroTap, value?: never) => {
    if (least === 0) tap.takeItems(1)
    if (isReading) tap.need(least)
    if (!isRecursive) return run(tap, value)
    tap.enter()
    const made = run(tap, value)
    tap.leave()
    return made
  }) as F
}

/** Works also for a type that is not frozen yet. */
function leastOf(type: AvroType): number {
  const { fields } = type as AvroType & { readonly fields: readonly RecordField[] }
  return fields.reduce((sum, field) => sum + leastBytesOf(field.type), 0)
}

function hasOnly(value: unknown, fields: readonly RecordField[]): value is Record<string, unknown> {
  if (!isPlain(value)) return false
  const names = new Set(fields.map(({ name }) => name))
  return Object.keys(value).every((name) => names.has(name))
}

/** The bytes of a field that is left out: its encoded default. */
function encodeDefault({ type, defaultValue }: RecordField): Buffer | undefined {
  const value = defaultValue()
  if (value === undefined) return undefined
  const measured = new AvroTap(Buffer.alloc(0), 0, DEFAULT_LIMITS)
  type._write(measured, value)
  const tap = new AvroTap(Buffer.alloc(measured.pos), 0, DEFAULT_LIMITS)
  type._write(tap, value)
  return tap.buf
}

/** Compiles a function; its code refers to `parts` as p0, p1, ... */
function compile(parts: readonly unknown[], args: string, body: string, scope: object = {}): unknown {
  const known = { ...scope, parts, getField }
  const names = parts.map((_, i) => `p${i} = parts[${i}]`)
  // oxlint-disable-next-line no-implied-eval, no-new-func
  const make = new Function(
    ...Object.keys(known),
    `${names.length > 0 ? `const ${names.join(', ')}` : ''}\nreturn (${args}) => {\n${body}\n}`,
  ) as (...known: readonly unknown[]) => unknown
  return make(...Object.values(known))
}

/** The code of an object literal. In brackets `__proto__` is an ordinary field. */
function objectOf(fields: readonly (readonly [name: string, code: string])[]): string {
  const codes = fields.map(
    ([name, code]) => `${name === '__proto__' ? '["__proto__"]' : JSON.stringify(name)}: ${code}`,
  )
  return `{ ${codes.join(', ')} }`
}

/** The code to read a field of `v`, without inherited members. */
function valueOf(name: string): string {
  const quoted = JSON.stringify(name)
  return name in Object.prototype ? `getField(v, ${quoted})` : `v[${quoted}]`
}
