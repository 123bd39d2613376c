import { describe, SnapstreamError } from '@snapstream/core'
import type { AnyStore } from './any-store.ts'

/** Throws `USAGE` unless `ok`. */
export function expectUsage(ok: boolean, operator: string, expected: string, came: unknown): asserts ok {
  if (!ok) throw new SnapstreamError('USAGE', `${operator}: ${expected}, got ${describe(came)}`)
}

/** Throws `USAGE` for a value that is not a function. */
export function expectFunction(f: unknown, what: string, operator: string): void {
  expectUsage(typeof f === 'function', operator, `${what} is a function`, f)
}

/** Throws `USAGE` unless the value is a number of ms in the range; `Infinity` if it may be that. */
export function expectMs(
  value: unknown,
  name: string,
  operator: string,
  { min = 0, infinite = false }: { readonly min?: number; readonly infinite?: boolean } = {},
): void {
  const isMs = Number.isInteger(value) || (infinite && value === Infinity)
  const unit = `${name} is a whole number of ms of ${min} or more${infinite ? ', or Infinity' : ''}`
  expectUsage(isMs && (value as number) >= min, operator, unit, value)
}

/** Throws `USAGE` for options that are no object, and for unknown ones. */
export function expectOptions(options: unknown, names: readonly string[], operator: string): void {
  expectUsage(typeof options === 'object' && options !== null, operator, 'the options are an object', options)
  const unknown = Object.keys(options).find((name) => !names.includes(name))
  expectUsage(unknown === undefined, operator, `the options are ${names.join(', ')}`, unknown)
}

/** Whether an argument is a store. */
export function isStore(value: unknown): value is AnyStore {
  return typeof value === 'object' && value !== null && '~snapstream.operator' in value
}
