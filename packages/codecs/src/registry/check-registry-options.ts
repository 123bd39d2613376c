import { SnapstreamError, describe } from '@snapstream/core'
import type { SchemaRegistryOptions } from './registry-options.ts'

const usage = (message: string) => new SnapstreamError('USAGE', message)
const isNumber = (value: unknown, min: number) => Number.isFinite(value) && (value as number) >= min
const isText = (value: unknown) => typeof value === 'string'

type Check = readonly [expected: string, ok: (value: unknown) => boolean]

const CHECKS: Readonly<Record<keyof SchemaRegistryOptions, Check>> = {
  url: ['an address like http://localhost:8081, or several', areAddresses],
  auth: ['{ basic: { username, password } } or { bearer: a token, or a function that gives one }', isAuth],
  headers: ['an object with strings', (value) => isObject(value) && Object.values(value).every(isText)],
  timeoutMs: ['a number of 1 or more', (value) => isNumber(value, 1)],
  retries: ['a number of 0 or more', (value) => isNumber(value, 0)],
  backoffMs: ['a number of 0 or more', (value) => isNumber(value, 0)],
  fetch: ['a function like the global fetch', (value) => typeof value === 'function'],
}

/** Throws `USAGE` for what SchemaRegistry does not take, without showing what may be a secret. */
export function checkRegistryOptions(options: SchemaRegistryOptions): void {
  if (!isObject(options)) throw usage(`SchemaRegistry takes { url, ... }, got ${describe(options)}`)
  for (const name of Object.keys(options))
    if (!Object.hasOwn(CHECKS, name))
      throw usage(`SchemaRegistry has no option ${describe(name)}; it takes ${Object.keys(CHECKS).join(', ')}`)
  for (const [name, [expected, ok]] of Object.entries(CHECKS)) {
    const value: unknown = options[name as keyof SchemaRegistryOptions]
    if ((value !== undefined || name === 'url') && !ok(value)) {
      const got = name === 'auth' || name === 'url' ? '' : `, got ${describe(value)}`
      throw usage(`${name} of SchemaRegistry has to be ${expected}${got}`)
    }
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function areAddresses(value: unknown): boolean {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value]
  return all.length > 0 && all.every((one) => typeof one === 'string' && URL.canParse(one) && /^https?:/.test(one))
}

function isAuth(value: unknown): boolean {
  if (!isObject(value) || Object.keys(value).length !== 1) return false
  if ('bearer' in value) return isText(value.bearer) || typeof value.bearer === 'function'
  if (!('basic' in value) || !isObject(value.basic)) return false
  const { username, password } = value.basic as { readonly username?: unknown; readonly password?: unknown }
  return isText(username) && isText(password)
}
