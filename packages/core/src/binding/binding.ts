import { expectNumber, expectUsage, withDefaults } from '../error.ts'
import { createPolicy } from './retry-policy.ts'
import type { Policy } from './retry-policy.ts'
import type { BatchSource, Resource, SinkTarget } from '../protocol.ts'
import type { OnError, Sink, Source, Through, ThroughParts } from '../types.ts'

/** The options of `snap`, with their defaults. */
interface Options {
  readonly name: string
  readonly sink: readonly Sink<unknown>[]
  readonly use: readonly Resource[]
  readonly concurrency: number
  readonly key: ((message: unknown) => unknown) | undefined
  /** Answers undefined where the source's own counts. */
  readonly timestamp: ((message: unknown) => number | bigint | undefined) | undefined
  readonly onError: OnError<unknown>
  readonly cycle: boolean
  readonly maxProcessingMs: number
}

/** The checked result of one `snap`: sources, a handler and its sinks. */
export interface Binding extends Options {
  readonly sources: readonly Source<unknown>[]
  /** All objects that it may write to: those in `use`, its sinks, and its dead letter sink or undefined. */
  readonly targets: readonly unknown[]
  readonly policy: Policy
  /** The operators before its handler, which are a part of `handler`. */
  readonly through: ThroughParts<unknown, unknown> | undefined
  // oxlint-disable-next-line typescript/no-explicit-any -- the app's own context type was checked by `snap`
  readonly handler: (message: unknown, context: any) => unknown
}

const DEFAULTS: Options = {
  name: '',
  sink: [],
  use: [],
  concurrency: 1,
  key: undefined,
  timestamp: undefined,
  onError: 'stop',
  cycle: false,
  maxProcessingMs: Infinity,
}
const SINK = 'a topic, a cache or a function'

/** Makes a binding of the arguments of `snap` and the handler, and checks them. Throws `USAGE`. `position`: its number, from 1. */
export function createBinding(args: readonly unknown[], handler: unknown, position: number): Binding {
  expectFunction(handler, 'the handler of snap')
  const last = args.at(-1)
  const given = last === Object(last) && !isSource(last) && !partsOf(last)
  const options = withDefaults(DEFAULTS, (given ? last : {}) as object, 'snap')
  const listed = args.slice(0, given ? -1 : undefined) as Source<unknown>[]
  const through = partsOf(listed.find(partsOf))
  const {
    what,
    sources,
    use: uses,
    sequential,
  } = through ? { what: through.name, ...through } : { what: 'snap', sources: listed, use: [], sequential: false }
  const { sink, use, concurrency, key, timestamp, onError, maxProcessingMs } = options
  const name = options.name || handler.name || `handler ${position}`
  const policy = createPolicy(onError, `onError of ${name}`)
  const { deadLetter } = policy

  expectUsage(
    !through || listed.length === 1,
    `${what} of ${name}`,
    'the only source; merge the others into it',
    listed,
  )
  expectUsage(sources.length > 0, what, 'given at least one source', 0)
  for (const [i, source] of sources.entries())
    expectUsage(
      isSource(source) && sources.indexOf(source) === i,
      `source ${i + 1} of ${what}`,
      'a topic, a cache or an iterable such as [1, 2], listed once',
      source,
    )
  expectEach(sink, 'sink', name, isSink, SINK)
  expectEach(use, 'use', name, isResource, 'a topic, a cache or an object with open() and close()')
  if (deadLetter !== undefined) expectUsage(isSink(deadLetter), `deadLetter of ${name}`, SINK, deadLetter)
  expectNumber(concurrency, `concurrency of ${name}`, 1, 'whole ')
  if (maxProcessingMs !== Infinity) expectNumber(maxProcessingMs, `maxProcessingMs of ${name}`, 1)
  if (key !== undefined) expectFunction(key, `key of ${name}`)
  if (timestamp !== undefined) expectFunction(timestamp, `timestamp of ${name}`)
  expectUsage(
    concurrency === 1 || (!sequential && (key || sources.every((source) => has(source, '~snapstream.key')))),
    `concurrency of ${name}`,
    sequential ? `1 behind ${what}` : '1 without a key',
    concurrency,
  )
  const bound = through?.bind(handler)
  const hint = `a field of the messages; put map(...) before ${what}`
  expectUsage(!sequential || !key, `key of ${name}`, hint, key)
  expectUsage(!bound?.timestamp || !timestamp, `timestamp of ${name}`, hint, timestamp)
  return {
    ...options,
    name,
    sources,
    use: [...use, ...uses] as readonly Resource[],
    timestamp: bound?.timestamp ?? timestamp,
    targets: [...use, ...uses, ...sink, deadLetter],
    policy,
    through,
    handler: bound?.handler ?? handler,
  }
}

/** Throws `USAGE` if two bindings have an operator with state in common. */
export function refuseShared(bindings: readonly Binding[]): void {
  for (const [operator, sharing] of groupBy(bindings, ({ through }) => through?.single ?? []))
    expectUsage(
      sharing.length === 1,
      `${(sharing[0] as Binding).through?.name} of ${sharing.map(({ name }) => name).join(' and ')}`,
      'bound once, with all sinks; or make another, with a store of its own',
      operator,
    )
}

/** The name of a source or sink in error messages, by its place in the first binding that has it: `source 1 of copy`. */
export function nameIn(bindings: readonly Binding[], bound: unknown): string {
  for (const { name, sources, sink, use, policy } of bindings)
    for (const [list, values] of Object.entries<readonly unknown[]>({
      source: sources,
      sink,
      use,
      deadLetter: [policy.deadLetter],
    }))
      if (values.includes(bound)) return `${list} ${values.indexOf(bound) + 1} of ${name}`
  return ''
}

/** Groups items by the members of their lists: each item is in one group for each member of `listOf(item)`. */
export function groupBy<T>(items: readonly T[], listOf: (item: T) => readonly unknown[]): Map<unknown, T[]> {
  const groups = new Map<unknown, T[]>()
  for (const item of items)
    for (const thing of new Set(listOf(item))) if (!groups.get(thing)?.push(item)) groups.set(thing, [item])
  return groups
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

function partsOf(value: unknown): ThroughParts<unknown, unknown> | undefined {
  return (value as Partial<Through<unknown, unknown>> | null | undefined)?.['~snapstream.through']
}

function has(value: unknown, name: PropertyKey): boolean {
  return isFunction((value as Record<PropertyKey, unknown> | null | undefined)?.[name])
}

// oxlint-disable-next-line typescript/no-explicit-any -- the types of `snap` check its arguments
function isFunction(value: unknown): value is (...args: any[]) => unknown {
  return typeof value === 'function'
}

// oxlint-disable-next-line typescript/no-explicit-any -- the types of `snap` check its arguments
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
