import { describe } from '@snapstream/core'
import type { Type } from 'avsc'
import type { AvroType } from './internals.ts'
import { describeLogical } from './logical-type.ts'

const SHOWN = 4

/** Where a value does not fit a type: path, what was expected, what came. Empty where it fits. */
export function describeMismatch(type: AvroType, value: unknown): string {
  const found: string[] = []
  type.isValid(value, {
    noUndeclaredFields: true,
    errorHook(path, came, expected) {
      const where = `$${path.map((name) => (/^\d+$/.test(name) ? `[${name}]` : `.${name}`)).join('')}`
      found.push(`${where} should be ${describeType(expected)}, got ${describeValue(came, expected)}`)
    },
  })
  return `${found.slice(0, SHOWN).join('; ')}${found.length > SHOWN ? '; ...' : ''}`
}

function describeType(type: Type): string {
  const { typeName } = type
  const logical = describeLogical(type)
  if (logical !== undefined) return logical
  if (typeName === 'long') return 'a long (a whole number within 2^53)'
  if (typeName === 'abstract:long') return 'a long (a bigint of 64 bits)'
  if (typeName === 'bytes' || typeName === 'fixed') return `${type.toString()} (a Buffer)`
  if (typeName === 'string') return 'a string without lone surrogates'
  if (typeName === 'union:wrapped') return `${type.toString()} (as { branch: value })`
  return type.toString()
}

function describeValue(value: unknown, type: Type): string {
  if (type.typeName !== 'record' || typeof value !== 'object' || value === null || !('fields' in type))
    return describe(value)
  const known = new Set((type.fields as readonly { readonly name: string }[]).map(({ name }) => name))
  const extra = Object.keys(value).filter((name) => !known.has(name))
  return extra.length === 0 ? describe(value) : `the fields ${extra.join(', ')} that it does not have`
}
