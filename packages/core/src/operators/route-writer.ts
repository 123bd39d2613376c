import { isResource, isSinkTarget } from '../binding/binding.ts'
import { describe } from '../describe.ts'
import { SnapstreamError, expectUsage } from '../error.ts'
import { createFunctionSink } from '../engine/function-sink.ts'
import { isThenable } from '../adapter/thenable.ts'

import type { MaybePromise, Origin, SinkOptions, SinkWriter } from '../protocol.ts'
import { sharesTransaction } from '../engine/transaction.ts'
import type { Sink } from '../types.ts'

type Writer = SinkWriter<unknown>
type Write = (writer: Writer) => MaybePromise<void> | void

/** Opens all of them; when one fails, those that were opened are closed again. */
export async function routeWriter(
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
      !atomic || all.every((writer) => writer === atomic || sharesTransaction(writer, atomic)),
      'the sinks of a route with one that is exactly once',
      'of one transaction, such as a cache and its sub-caches; bind the others beside the route',
      [...writers.keys()].join(', '),
    )
    return { ...createRoute(writers, pick, atomic ? [atomic] : all), ...(atomic && passOn(atomic)), close }
  } catch (error) {
    await close().catch(() => {})
    throw error
  }
}

function createRoute(
  writers: ReadonlyMap<string, Writer>,
  pick: (value: unknown) => unknown,
  flushed: readonly Writer[],
) {
  /** All of them are looked up before the first gets anything. */
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
    flush: (checkpoint: Parameters<Writer['flush']>[0]) => settleAll(flushed, (writer) => writer.flush(checkpoint)),
  }
}

/** What is asked of a transaction as a whole: one of its sinks answers. */
function passOn(writer: Writer): Partial<Writer> {
  const methods = (['positions', 'enclose', 'undo'] as const).map((name) => [name, writer[name]?.bind(writer)])
  return { atomic: writer.atomic, ...Object.fromEntries(methods) } as Partial<Writer>
}

/** One after the other; without a promise where none is answered. */
function inTurn(writers: readonly Writer[], write: Write, from = 0): void | Promise<void> {
  for (let i = from; i < writers.length; i++) {
    const pending = write(writers[i] as Writer)
    if (isThenable(pending)) return Promise.resolve(pending).then(() => inTurn(writers, write, i + 1))
  }
}

/** Waits for all of them, also when one fails. What fails after the first is in its `suppressed`. */
async function settleAll<T>(targets: readonly T[], call: (target: T) => MaybePromise<void> | void): Promise<void> {
  const results = await Promise.allSettled(targets.map(async (target) => call(target)))
  const [first, ...suppressed] = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  if (first === undefined) return
  if (suppressed.length > 0 && first === Object(first)) Object.assign(first as object, { suppressed })
  throw first
}
