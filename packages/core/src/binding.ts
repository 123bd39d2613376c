import { SnapstreamError, describe } from './error.ts'
import { createPolicy, requireCount } from './policy.ts'
import type { Policy } from './policy.ts'
import type { BatchSource, Resource, SinkTarget } from './protocol.ts'
import type { Sink, SnapOptions, Source } from './types.ts'

/** What `snap` makes: sources, a handler and its sinks, checked. */
export interface Binding {
  readonly name: string
  readonly sources: readonly Source<unknown>[]
  readonly sinks: readonly Sink<unknown>[]
  readonly use: readonly Resource[]
  readonly concurrency: number
  readonly key: ((message: unknown) => unknown) | undefined
  readonly timestamp: ((message: unknown) => number) | undefined
  readonly policy: Policy
  readonly cycle: boolean
  // oxlint-disable-next-line typescript/no-explicit-any -- the app's own context type was checked by `snap`
  readonly handler: (message: unknown, context: any) => unknown
}

// oxlint-disable-next-line typescript/no-explicit-any -- the message type was checked by `snap`
export type AnyOptions = SnapOptions<any> & { readonly sink?: readonly Sink<unknown>[] | undefined }

const OPTIONS = ['name', 'sink', 'use', 'concurrency', 'key', 'timestamp', 'onError', 'cycle']

/** Splits what `snap` was called with into sources and options, and checks both. Throws `USAGE`. */
export function parseSnapArguments(args: readonly unknown[]): { sources: Source<unknown>[]; options: AnyOptions } {
  const last = args.at(-1)
  const hasOptions = typeof last === 'object' && last !== null && !isSource(last) && isPlain(last)
  const sources = (hasOptions ? args.slice(0, -1) : args) as Source<unknown>[]
  const options = (hasOptions ? last : {}) as AnyOptions
  if (sources.length === 0) throw usage('snap needs at least one source before its options, e.g. snap(topic, { sink })')
  sources.forEach((source, i) => {
    if (!isSource(source)) throw usage(`source ${i + 1} of snap ${whyNotASource(source)}`)
    if (sources.indexOf(source) !== i) throw usage(`source ${i + 1} of snap is listed twice; once is enough`)
  })
  for (const name of Object.keys(options))
    if (!OPTIONS.includes(name)) throw usage(`snap has no option '${name}'; it takes ${OPTIONS.join(', ')}`)
  return { sources, options }
}

/** Completes and checks a binding. Throws `USAGE`. */
export function createBinding(
  sources: readonly Source<unknown>[],
  options: AnyOptions,
  handler: unknown,
  position: number,
): Binding {
  if (typeof handler !== 'function')
    throw usage(`snap(...) takes a handler function, as in snap(source, options)(handler); got ${describe(handler)}`)
  const { sink: sinks = [], use = [], concurrency = 1, key, timestamp, cycle = false } = options
  const name = options.name ?? (handler.name || `handler ${position}`)
  requireArray(sinks, 'sink', name)
  requireArray(use, 'use', name)
  sinks.forEach((sink: unknown, i) => {
    if (typeof sink !== 'function' && !isSinkTarget(sink))
      throw usage(`sink ${i + 1} of ${name} has to be a function, a topic or a cache, got ${describe(sink)}`)
  })
  use.forEach((resource: unknown, i) => {
    if (!isResource(resource))
      throw usage(
        `use ${i + 1} of ${name} has to have open() and close(), as topics and caches do; got ${describe(resource)}`,
      )
  })
  requireCount(concurrency, `concurrency of ${name}`, 1)
  if (!Number.isInteger(concurrency)) throw usage(`concurrency of ${name} has to be a whole number, got ${concurrency}`)
  for (const [option, f] of [
    ['key', key],
    ['timestamp', timestamp],
  ] as const)
    if (f !== undefined && typeof f !== 'function')
      throw usage(`${option} of ${name} has to be a function, got ${describe(f)}`)
  if (concurrency > 1 && !key && !sources.every((source) => isBatchSource(source) && source['~snapstream.key']))
    throw usage(
      `concurrency of ${name} needs a key: order is kept within a key. Topic records have one; for other messages give key: (message) => ...`,
    )
  const policy = createPolicy(options.onError, name)
  const { deadLetter } = policy
  if (deadLetter !== undefined && typeof deadLetter !== 'function' && !isSinkTarget(deadLetter))
    throw usage(`onError.deadLetter of ${name} has to be a function, a topic or a cache, got ${describe(deadLetter)}`)
  return {
    name,
    sources,
    sinks,
    use,
    concurrency,
    key: key as Binding['key'],
    timestamp: timestamp as Binding['timestamp'],
    policy,
    cycle,
    handler: handler as Binding['handler'],
  }
}

export function isBatchSource(value: unknown): value is BatchSource<unknown> {
  return has(value, '~snapstream.source')
}

export function isSinkTarget(value: unknown): value is SinkTarget<unknown> {
  return has(value, '~snapstream.sink')
}

export function isResource(value: unknown): value is Resource {
  return has(value, 'open') && has(value, 'close')
}

function isSource(value: unknown): value is Source<unknown> {
  return (
    isBatchSource(value) ||
    (typeof value !== 'string' && (has(value, Symbol.iterator) || has(value, Symbol.asyncIterator)))
  )
}

/** Whether a value, callable or not, has a method of that name. */
function has(value: unknown, name: PropertyKey): boolean {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as Record<PropertyKey, unknown>)[name] === 'function'
  )
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  // An options object of another realm has another Object.prototype, whose own prototype is null as well.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function whyNotASource(value: unknown): string {
  if (typeof value === 'string')
    return `is ${describe(value)}; a string is not a source: for one message write [${JSON.stringify(value)}], for a topic Topic(${JSON.stringify(value)})`
  return `has to be an iterable, a topic or a cache, got ${describe(value)}`
}

function requireArray(value: unknown, option: string, name: string): asserts value is readonly unknown[] {
  if (!Array.isArray(value)) throw usage(`${option} of ${name} has to be an array, got ${describe(value)}`)
}

function usage(message: string): SnapstreamError {
  return new SnapstreamError('USAGE', message)
}
