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
  /** All that it may write to: what it uses, its sinks and its dead letter, if any. */
  readonly targets: readonly unknown[]
  readonly concurrency: number
  readonly key: ((message: unknown) => unknown) | undefined
  readonly timestamp: ((message: unknown) => number) | undefined
  readonly policy: Policy
  readonly cycle: boolean
  // oxlint-disable-next-line typescript/no-explicit-any -- the app's own context type was checked by `snap`
  readonly handler: (message: unknown, context: any) => unknown
}

// oxlint-disable-next-line typescript/no-explicit-any -- the message type was checked by `snap`
type AnyOptions = SnapOptions<any> & { readonly sink?: readonly Sink<unknown>[] | undefined }

const OPTIONS = ['name', 'sink', 'use', 'concurrency', 'key', 'timestamp', 'onError', 'cycle']
const SINK = 'a topic, a cache or a function'

/** Makes a binding of what `snap` was called with and its handler, and checks it. Throws `USAGE`. */
export function createBinding(args: readonly unknown[], handler: unknown, position: number): Binding {
  expectFunction(handler, 'the handler of snap(...)(handler)')
  const last = args.at(-1)
  const given = typeof last === 'object' && last !== null && !isSource(last)
  const options = (given ? last : {}) as AnyOptions
  const sources = args.slice(0, given ? -1 : undefined) as Source<unknown>[]
  expectNames(options, OPTIONS, 'snap')
  const { sink: sinks = [], use = [], concurrency = 1, key, timestamp, cycle = false } = options
  const name = options.name ?? (handler.name || `handler ${position}`)
  const policy = createPolicy(options.onError, `onError of ${name}`)
  const { deadLetter } = policy

  expectUsage(sources.length > 0, 'what snap reads', 'at least one source', sources)
  for (const [i, source] of sources.entries())
    expectUsage(
      isSource(source) && sources.indexOf(source) === i,
      `source ${i + 1} of snap`,
      `a topic, a cache or an iterable (for one message [${describe(source)}]), listed once`,
      source,
    )
  expectEach(sinks, 'sink', name, isSink, SINK)
  expectEach(use, 'use', name, isResource, 'a topic, a cache or what else has open() and close()')
  if (deadLetter !== undefined) expectUsage(isSink(deadLetter), `deadLetter of ${name}`, SINK, deadLetter)
  expectNumber(concurrency, `concurrency of ${name}`, 1)
  if (key !== undefined) expectFunction(key, `key of ${name}`)
  if (timestamp !== undefined) expectFunction(timestamp, `timestamp of ${name}`)
  expectUsage(
    concurrency === 1 || key || sources.every((source) => has(source, '~snapstream.key')),
    `concurrency of ${name}`,
    '1 without a key function: order is kept within a key',
    concurrency,
  )
  const targets = [...use, ...sinks, deadLetter]
  return { name, sources, sinks, targets, concurrency, key, timestamp, policy, cycle, handler }
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

function isSink(value: unknown): boolean {
  return isFunction(value) || isSinkTarget(value)
}

function isSource(value: unknown): value is Source<unknown> {
  return (
    typeof value !== 'string' &&
    (isBatchSource(value) || has(value, Symbol.iterator) || has(value, Symbol.asyncIterator))
  )
}

function has(value: unknown, name: PropertyKey): boolean {
  return isFunction((value as Record<PropertyKey, unknown> | null | undefined)?.[name])
}

// oxlint-disable-next-line typescript/no-explicit-any -- what it takes was checked by `snap`
function isFunction(value: unknown): value is (...args: any[]) => unknown {
  return typeof value === 'function'
}

// oxlint-disable-next-line typescript/no-explicit-any -- what it takes was checked by `snap`
function expectFunction(value: unknown, what: string): asserts value is (...args: any[]) => unknown {
  expectUsage(isFunction(value), what, 'a function', value)
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
