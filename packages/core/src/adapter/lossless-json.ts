import { describe } from '../describe.ts'

/**
 * Finds a part of a value that JSON would silently drop or change: its path and content (`.sizes[0] is NaN`), or
 * undefined. To be asked after `JSON.stringify` went through, which rules out cycles. A property that is undefined reads
 * back as undefined and is let through; an object with `toJSON` speaks for itself.
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
    // Most fields need no call.
    if (item === undefined || item === null || typeof item === 'string' || typeof item === 'boolean') continue
    if (typeof item === 'number' && Number.isFinite(item)) continue
    const loss = findLoss(item)
    if (loss !== undefined && Object.hasOwn(value, name)) return `.${name}${loss}`
  }
  return undefined
}
