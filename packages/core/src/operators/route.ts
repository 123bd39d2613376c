import { isThenable } from '../adapter/promise.ts'
import { isResource, isSinkTarget } from '../binding/binding.ts'
import { describe } from '../describe.ts'
import { joinStates } from '../engine/join-states.ts'
import { createFunctionSink, transactionOf } from '../engine/sink.ts'
import { expectUsage, SnapstreamError } from '../error.ts'
import type { MaybePromise, Origin, SinkOptions, SinkTarget, SinkWriter } from '../protocol.ts'
import type { ResetItem, Resettable } from '../reset.ts'
import type { Sink, SinkInput } from '../types.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- bounds of inferred parameters
type Sinks = Readonly<Record<string, Sink<any>>>

/** The names of the picked sinks: one name, several, or undefined for none. */
export type Route<N extends string = string> = N | readonly N[] | undefined

/**
 * A sink that distributes values over several named sinks: a function picks the sinks of each value by name. All sinks are
 * opened, flushed and closed with the run. `undefined` or an empty array picks none, and such values are not counted. Several
 * picked sinks get the value in the order of the array, each once.
 *
 * A name that does not exist fails with `SINK_REFUSED` for that one value: no sink gets it, and `onError` decides. `onError`
 * also decides if the function throws or a sink refuses the value; a retry writes to all picked sinks again. `route` throws
 * `USAGE` for wrong arguments.
 *
 * @example
 * const out = route({ orders, refunds }, ({ amount }: Order) => (amount < 0 ? 'refunds' : 'orders'))
 * snap(incoming, { sink: [out] })(({ value }) => value)
 */
export function route<const S extends Sinks, const N extends keyof S & string, T extends SinkInput<S[N]>>(
  sinks: S,
  pick: (value: T) => Route<N>,
): SinkTarget<T> {
  expectUsage(sinks === Object(sinks), 'the first argument of route', 'an object of sinks by name', sinks)
  expectUsage(typeof pick === 'function', 'the second argument of route', 'a function', pick)
  const entries = Object.entries(sinks)
  expectUsage(entries.length > 0, 'the first argument of route', 'an object with at least one sink', sinks)
  for (const [name, sink] of entries)
    expectUsage(
      typeof sink === 'function' || isSinkTarget(sink),
      `sink ${name} of route`,
      'a topic, a cache or a function',
      sink,
    )
  const targets = entries.flatMap(([, sink]): readonly unknown[] =>
    isSinkTarget(sink) ? (sink['~snapstream.targets'] ?? [sink]) : [],
  )
  const target: SinkTarget<T> & Resettable = {
    '~snapstream.sink': (options) => routeWriter(entries, pick as (value: unknown) => unknown, options),
    '~snapstream.targets': targets,
    async '~snapstream.reset'(options) {
      const items: ResetItem[] = []
      for (const one of targets) items.push(...((await (one as Resettable)['~snapstream.reset']?.(options)) ?? []))
      return items
    },
  }
  return target
}

type Writer = SinkWriter<unknown>
type Write = (writer: Writer) => MaybePromise<void> | void

/** Opens all sinks. If one fails, closes those that were opened. */
async function routeWriter(
  sinks: readonly (readonly [name: string, sink: Sink<never>])[],
  pick: (value: unknown) => unknown,
  options: SinkOptions,
): Promise<Writer> {
  const writers = new Map<string, Writer>()
  const closers: (() => MaybePromise<void> | void)[] = []
  const close = () => settleAll(closers.splice(0).toReversed(), (f) => f())
  try {
    for (const [name, sink] of sinks) {
      if (isResource(sink)) {
        await sink.open()
        closers.push(() => sink.close())
      }
      const writer = isSinkTarget(sink) ? await sink['~snapstream.sink'](options) : createFunctionSink(sink)
      writers.set(name, writer)
      closers.push(() => writer.close?.())
    }
    const all = [...writers.values()]
    const atomic = all.find((writer) => writer.atomic)
    expectUsage(
      !atomic || all.every((writer) => transactionOf(writer) === transactionOf(atomic)),
      'each sink of a route with an exactly-once sink',
      'of one transaction, such as a cache and its sub-caches; bind the others beside the route',
      [...writers.keys()].join(', '),
    )
    const state = joinStates(all)
    return { ...createRoute(writers, pick, all), ...(atomic && passOn(atomic)), ...(state && { state }), close }
  } catch (error) {
    await close().catch(() => {})
    throw error
  }
}

function createRoute(writers: ReadonlyMap<string, Writer>, pick: (value: unknown) => unknown, all: readonly Writer[]) {
  /** The picked sinks. An unknown name throws before any sink gets the value. */
  function chosen(value: unknown): readonly Writer[] {
    const names = pick(value)
    if (names === undefined) return []
    return [...new Set<unknown>(Array.isArray(names) ? names : [names])].map((name) => {
      const writer = writers.get(name as string)
      if (writer) return writer
      throw new SnapstreamError(
        'SINK_REFUSED',
        `route has no sink ${describe(name)} for ${describe(value)}; it has ${[...writers.keys()].join(', ')}`,
      )
    })
  }

  return {
    write: (value: unknown, origin?: Origin) => inTurn(chosen(value), (writer) => writer.write(value, origin)),
    writeFailure: (failure: Parameters<NonNullable<Writer['writeFailure']>>[0], origin?: Origin) =>
      inTurn(chosen(failure), (writer) =>
        writer.writeFailure ? writer.writeFailure(failure, origin) : writer.write(failure, origin),
      ),
    flush: (checkpoint: Parameters<Writer['flush']>[0]) => settleAll(all, (writer) => writer.flush(checkpoint)),
  }
}

const OF_TRANSACTION = ['release', 'prepare', 'flush', 'abort', 'accepts', 'positions', 'enclose', 'undo'] as const

/** The functions of a transaction that all sinks share, taken from one of them. */
function passOn(writer: Writer): Partial<Writer> {
  const methods = OF_TRANSACTION.map((name) => [name, writer[name]?.bind(writer)])
  return { atomic: writer.atomic, ...Object.fromEntries(methods) } as Partial<Writer>
}

/** Writes to one sink after the other. Returns a promise only if a sink returns one. */
function inTurn(writers: readonly Writer[], write: Write, from = 0): void | Promise<void> {
  for (let i = from; i < writers.length; i++) {
    const pending = write(writers[i] as Writer)
    if (isThenable(pending)) return Promise.resolve(pending).then(() => inTurn(writers, write, i + 1))
  }
}

/** Waits for all calls, even if one fails. Rejects with the first failure; later ones are in its `suppressed`. */
async function settleAll<T>(targets: readonly T[], call: (target: T) => unknown): Promise<void> {
  const results = await Promise.allSettled(targets.map(async (target) => call(target)))
  const [first, ...suppressed] = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  if (first === undefined) return
  if (suppressed.length > 0 && first === Object(first)) Object.assign(first as object, { suppressed })
  throw first
}
