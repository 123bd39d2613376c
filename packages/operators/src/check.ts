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

/** Whether an argument is a store. */
export function isStore(value: unknown): value is AnyStore {
  return typeof value === 'object' && value !== null && '~snapstream.operator' in value
}
