import { describe } from '@snapstream/core'
import type { Type } from 'avsc'
import { cut } from '../codec-error.ts'
import type { AvroType } from './internals.ts'
import { describeLogical } from './logical-type.ts'
import { StrictRecord } from './strict-record.ts'

const SHOWN = 4

/** Where a value does not fit a type: path, what was expected, what came. Empty where it fits, and where it is too deep. */
export function describeMismatch(type: AvroType, value: unknown): string {
  const found: string[] = []
  let count = 0
  try {
    type.isValid(value, {
      noUndeclaredFields: true,
      errorHook(path, came, expected) {
        if (++count > SHOWN) return
        const where = cut(`$${path.map((name) => (/^\d+$/.test(name) ? `[${name}]` : `.${name}`)).join('')}`)
        found.push(`${where} should be ${describeType(expected)}, got ${describeValue(came, expected)}`)
      },
    })
  } catch {
    return ''
  }
  return `${found.join('; ')}${count > SHOWN ? '; ...' : ''}`
}

function describeType(type: Type): string {
  const { typeName } = type
  const logical = describeLogical(type)
  const schema = cut(type.toString())
  if (logical !== undefined) return logical
  if (typeName === 'long') return 'a long (a whole number within 2^53)'
  if (typeName === 'abstract:long') return 'a long (a bigint of 64 bits)'
  if (typeName === 'bytes' || typeName === 'fixed') return `${schema} (a Uint8Array)`
  if (typeName === 'string') return 'a string without lone surrogates'
  if (typeName === 'union:wrapped') return `${schema} (as { branch: value })`
  return schema
}

function describeValue(value: unknown, type: Type): string {
  if (!(type instanceof StrictRecord) || typeof value !== 'object' || value === null) return describe(value)
  const known = new Set(type._namedFields().map(({ name }) => name))
  const extra = Object.keys(value).filter((name) => !known.has(name))
  return extra.length === 0 ? describe(value) : `the fields ${cut(extra.join(', '))} that it does not have`
}
