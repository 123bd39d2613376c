import { codecError, show } from '../codec-error.ts'
import type { SchemaRegistryOptions } from './registry-options.ts'

const usage = (message: string) => codecError('USAGE', message)
const isNumber = (value: unknown, min: number) => Number.isFinite(value) && (value as number) >= min
const isText = (value: unknown): value is string => typeof value === 'string'

const MAX_TIMER_MS = 2 ** 31 - 1
const isWhole = (value: unknown, min: number) => Number.isSafeInteger(value) && (value as number) >= min

type Check = readonly [expected: string, ok: (value: unknown) => boolean]

const CHECKS: Readonly<Record<keyof SchemaRegistryOptions, Check>> = {
  url: ['an address like http://localhost:8081, or several', areAddresses],
  auth: ['{ basic: { username, password } } or { bearer: a token, or a function that gives one }', isAuth],
  headers: ['an object with strings that a header may be', areHeaders],
  timeoutMs: [`a number from 1 to ${MAX_TIMER_MS}`, (value) => isNumber(value, 1) && (value as number) <= MAX_TIMER_MS],
  retries: ['a number of 0 or more', (value) => isNumber(value, 0)],
  backoffMs: ['a number of 0 or more', (value) => isNumber(value, 0)],
  maxRequests: ['a whole number of 1 or more', (value) => isWhole(value, 1)],
  maxAnswerBytes: ['a whole number of 1 or more', (value) => isWhole(value, 1)],
  maxReferences: ['a whole number of 0 or more', (value) => isWhole(value, 0)],
  failureTtlMs: ['a number of 0 or more', (value) => isNumber(value, 0)],
  fetch: ['a function like the global fetch', (value) => typeof value === 'function'],
}

/** They may hold passwords and tokens. */
const SECRET: ReadonlySet<string> = new Set(['auth', 'headers', 'url'])

/** Throws `USAGE` for what SchemaRegistry does not take, without showing what may be a secret. */
export function checkRegistryOptions(options: SchemaRegistryOptions): void {
  if (!isObject(options)) throw usage(`SchemaRegistry takes { url, ... }, got ${show(options)}`)
  for (const name of Object.keys(options))
    if (!Object.hasOwn(CHECKS, name))
      throw usage(`SchemaRegistry has no option ${show(name)}; it takes ${Object.keys(CHECKS).join(', ')}`)
  for (const [name, [expected, ok]] of Object.entries(CHECKS)) {
    const value: unknown = options[name as keyof SchemaRegistryOptions]
    if ((value !== undefined || name === 'url') && !ok(value)) {
      const got = SECRET.has(name) ? '' : `, got ${show(value)}`
      throw usage(`${name} of SchemaRegistry has to be ${expected}${got}`)
    }
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function areHeaders(value: unknown): boolean {
  return isObject(value) && Object.values(value).every(isText) && canBeHeaders(value as Record<string, string>)
}

/** Whether HTTP allows these: fetch would show the value that it does not. */
export function canBeHeaders(headers: Readonly<Record<string, string>>): boolean {
  try {
    void new Headers(headers)
    return true
  } catch {
    return false
  }
}

function areAddresses(value: unknown): boolean {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value]
  return all.length > 0 && all.every((one) => typeof one === 'string' && URL.canParse(one) && /^https?:/.test(one))
}

function isAuth(value: unknown): boolean {
  if (!isObject(value) || Object.keys(value).length !== 1) return false
  if ('bearer' in value)
    return typeof value.bearer === 'function' || (isText(value.bearer) && canBeHeaders({ authorization: value.bearer }))
  if (!('basic' in value) || !isObject(value.basic)) return false
  const { username, password } = value.basic as { readonly username?: unknown; readonly password?: unknown }
  return isText(username) && isText(password)
}
