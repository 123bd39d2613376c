import { describe } from '../describe.ts'

/**
 * Finds the first part of a value that JSON would silently drop or change. Returns its path and content as text (`.sizes[0]
 * is NaN`), or undefined if JSON keeps the whole value. Call it after `JSON.stringify` has succeeded, which rules out
 * cycles. A property that is undefined is allowed, as it reads back as undefined. An object with `toJSON` is allowed, as it
 * defines its own JSON.
 */
export function findLoss(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return undefined
    case 'number':
      return Number.isFinite(value) ? undefined : ` is ${value}`
    case 'object':
      if (value === null) return undefined
      return Array.isArray(value) ? findLossInItems(value) : findLossInFields(value as Record<string, unknown>)
    default:
      return ` is ${describe(value)}`
  }
}

function findLossInItems(items: readonly unknown[]): string | undefined {
  for (let i = 0; i < items.length; i++) {
    const loss = findLoss(items[i])
    if (loss !== undefined) return `[${i}]${loss}`
  }
  return undefined
}

function findLossInFields(value: Record<string, unknown>): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    if (value instanceof Date && Number.isNaN(value.getTime())) return ' is an invalid Date'
    if (typeof value['toJSON'] === 'function') return undefined
    // Objects that JSON writes as {} or by index (Map, Set, RegExp, Error, typed arrays, ...) have a tag of their own.
    if (Object.prototype.toString.call(value) !== '[object Object]') return ` is ${describe(value)}`
  }
  for (const name in value) {
    const item = value[name]
    // These are the most common fields, and need no call.
    if (item === undefined || item === null || typeof item === 'string' || typeof item === 'boolean') continue
    if (typeof item === 'number' && Number.isFinite(item)) continue
    const loss = findLoss(item)
    if (loss !== undefined && Object.hasOwn(value, name)) return `.${name}${loss}`
  }
  return undefined
}
