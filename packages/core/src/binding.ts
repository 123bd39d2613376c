import { describe, expectNames, expectNumber, expectUsage } from './error.ts'
import { createPolicy } from './policy.ts'
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
  const hasOptions = typeof last === 'object' && last !== null && !isSource(last)
  const options = (hasOptions ? last : {}) as AnyOptions
  const sources = (hasOptions ? args.slice(0, -1) : args) as Source<unknown>[]
  expectUsage(sources.length > 0, 'what snap gets before its options', 'at least one source', sources)
  for (const [i, source] of sources.entries()) {
    const what = `source ${i + 1} of snap`
    const hint = typeof source === 'string' ? ` (for one message write [${describe(source)}])` : ''
    expectUsage(isSource(source), what, `an iterable that is not a string, a topic or a cache${hint}`, source)
    expectUsage(sources.indexOf(source) === i, what, 'listed once', source)
  }
  expectNames(options, OPTIONS, 'snap')
  return { sources, options }
}

/** Completes and checks a binding. Throws `USAGE`. */
export function createBinding(
  sources: readonly Source<unknown>[],
  options: AnyOptions,
  handler: unknown,
  position: number,
): Binding {
  expectFunction(handler, 'what snap(...)(handler) gets')
  const { sink: sinks = [], use = [], concurrency = 1, key, timestamp, cycle = false } = options
  const name = options.name ?? ((handler as { name: string }).name || `handler ${position}`)
  const policy = createPolicy(options.onError, name)
  expectEach(sinks, 'sink', name, isSink, SINK)
  expectEach(use, 'use', name, isResource, 'something with open() and close(), as topics and caches are')
  if (policy.deadLetter !== undefined)
    expectUsage(isSink(policy.deadLetter), `deadLetter of ${name}`, SINK, policy.deadLetter)
  expectNumber(concurrency, `concurrency of ${name}`, 1)
  expectFunction(key, `key of ${name}`, true)
  expectFunction(timestamp, `timestamp of ${name}`, true)
  const keyed =
    concurrency === 1 || key || sources.every((source) => isBatchSource(source) && source['~snapstream.key'])
  expectUsage(!!keyed, `key of ${name}`, 'a function: with concurrency, order is kept within a key', key)
  return {
    name,
    sources,
    sinks,
    use,
    concurrency,
    key,
    timestamp,
    policy,
    cycle,
    handler: handler as Binding['handler'],
  }
}

const SINK = 'a function, a topic or a cache'

export function isBatchSource(value: unknown): value is BatchSource<unknown> {
  return has(value, '~snapstream.source')
}

export function isSinkTarget(value: unknown): value is SinkTarget<unknown> {
  return has(value, '~snapstream.sink')
}

export function isResource(value: unknown): value is Resource {
  return has(value, 'open') && has(value, 'close')
}

function isSink(value: unknown): boolean {
  return typeof value === 'function' || isSinkTarget(value)
}

function isSource(value: unknown): value is Source<unknown> {
  return (
    typeof value !== 'string' &&
    (isBatchSource(value) || has(value, Symbol.iterator) || has(value, Symbol.asyncIterator))
  )
}

function has(value: unknown, name: PropertyKey): boolean {
  return typeof (value as Record<PropertyKey, unknown> | null | undefined)?.[name] === 'function'
}

function expectFunction(value: unknown, what: string, optional = false): void {
  expectUsage(typeof value === 'function' || (optional && value === undefined), what, 'a function', value)
}

function expectEach(
  list: readonly unknown[],
  option: string,
  name: string,
  is: (value: unknown) => boolean,
  expected: string,
): void {
  expectUsage(Array.isArray(list), `${option} of ${name}`, 'an array', list)
  for (const [i, value] of list.entries()) expectUsage(is(value), `${option} ${i + 1} of ${name}`, expected, value)
}
