import { isBatchSource, isResource, isSinkTarget } from '../binding/binding.ts'
import type { Binding } from '../binding/binding.ts'
import type { About } from '../adapter/probes.ts'
import { isThenable } from '../adapter/promise.ts'
import { isIterator } from '../engine/iterable-source.ts'
import type {
  BatchSource,
  Checkpoint,
  LaneState,
  Origin,
  Resource,
  SinkTarget,
  SinkWriter,
  SourceReader,
} from '../protocol.ts'
import type { To } from '../types.ts'
import type { Mortal } from './mortal.ts'

type Adapter = Partial<
  BatchSource<unknown> & SinkTarget<unknown> & Resource & { readonly '~snapstream.about': About | undefined }
>

/**
 * Wraps bindings so that each call from the engine to a function or adapter goes through the simulated process.
 *
 * @param scope what adapters find in the `scope` of the run, by key
 */
export function instrument(
  bindings: readonly Binding[],
  mortal: Mortal,
  scope: ReadonlyMap<unknown, unknown>,
): readonly Binding[] {
  const made = new Map<unknown, unknown>()
  const originals = new Map<unknown, unknown>()

  /** Returns the same wrapper for the same object, as the engine compares identities. */
  function wrapped<T>(target: T): T {
    if (!isBatchSource(target) && !isSinkTarget(target) && !isResource(target))
      return typeof target === 'function' ? known(target, () => wrapFunction(target as () => unknown)) : target
    return known(target, () => wrapAdapter(target))
  }

  function known<T>(target: T, wrap: () => unknown): T {
    let wrapper = made.get(target)
    if (wrapper === undefined) {
      wrapper = wrap()
      made.set(target, wrapper)
      originals.set(wrapper, target)
    }
    return wrapper as T
  }

  /** The bound object of a wrapper: adapters know only that. */
  const original = (target: unknown) => originals.get(target) ?? target

  /** The wrapper of a bound source; an iterable has none. */
  const wrappedSource = <T>(source: T): T => (isBatchSource(source) ? wrapped(source) : source)

  const origins = new WeakMap<Origin, Origin>()
  /** An origin with the bound object as its source. The engine moves one origin from message to message, so it shows through. */
  function inOriginal(origin: Origin): Origin {
    const seen: Origin =
      origins.get(origin) ?? Object.create(origin, { source: { get: () => original(origin.source) } })
    origins.set(origin, seen)
    return seen
  }

  const wrapFunction =
    (f: (...args: unknown[]) => unknown) =>
    (...args: unknown[]) =>
      wrapEmitted(mortal.call('functions', () => f(...args)))

  function wrapEmitted(emitted: unknown): unknown {
    if (isThenable(emitted)) return emitted.then(wrapEmitted)
    if (!isIterator(emitted)) return redirected(emitted)
    const of = <R extends IteratorResult<unknown>>(result: R) => ({ ...result, value: redirected(result.value) })
    return {
      next: () => {
        const result = mortal.call('functions', () => emitted.next())
        return isThenable(result) ? result.then(of) : of(result)
      },
      ...(emitted.return && { return: () => mortal.call('functions', () => emitted.return?.()) }),
    }
  }

  /** A value for one sink (`to`) looks for that sink behind its wrapper. */
  function redirected(value: unknown): unknown {
    if (typeof value !== 'function' || !('~snapstream.to' in value)) return value
    const find: To<unknown> = value as never
    const redirect = (sinks: readonly unknown[], binding: string) => find(sinks.map(original), binding)
    return Object.assign(redirect, { '~snapstream.to': find['~snapstream.to'] })
  }

  function wrapAdapter(target: Adapter): Adapter {
    const { '~snapstream.source': openSource, '~snapstream.sink': openSink, open } = target
    const { '~snapstream.key': key, '~snapstream.bounded': bounded, '~snapstream.local': local } = target
    const { '~snapstream.about': about } = target
    const opened = {}
    return {
      ...(key && { '~snapstream.key': (message) => key.call(target, message) }),
      ...(bounded && { '~snapstream.bounded': bounded }),
      ...(local && { '~snapstream.local': local }),
      ...(about && { '~snapstream.about': about }),
      ...(openSource && {
        '~snapstream.source': async (options) =>
          wrapReader(
            await mortal.open(
              () =>
                openSource.call(target, {
                  ...options,
                  assigned: (lanes) => mortal.answer(options.assigned(lanes)),
                  revoked: async (lanes, reason) => mortal.answer(options.revoked(lanes, reason)),
                }),
              (reader) => reader.close(),
            ),
          ),
      }),
      ...(openSink && {
        '~snapstream.sink': async (options) =>
          wrapWriter(
            await mortal.open(
              () => {
                for (const [key, value] of scope) options.scope.set(key, value)
                return openSink.call(target, {
                  ...options,
                  sources: options.sources.map(original),
                  tick: (source, lane, message) => !!options.tick?.(wrappedSource(source), lane, message),
                  idle: (source, lane) => !!options.idle?.(wrappedSource(source), lane),
                })
              },
              (writer) => writer.close?.(),
            ),
          ),
      }),
      ...(open && {
        open: async () => {
          await mortal.open(
            async () => {
              await open.call(target)
              return opened
            },
            () => target.close?.(),
          )
        },
        close: async () => mortal.close(opened),
      }),
    }
  }

  function wrapReader(reader: SourceReader<unknown>): SourceReader<unknown> {
    return {
      // Not counted: a source may have no message for any length of time.
      read: () => reader.read(),
      commit: (positions) => mortal.call('adapters', () => reader.commit(positions)),
      close: () => mortal.close(reader),
      ...(reader.caughtUp && { caughtUp: (lane, handled) => reader.caughtUp?.(lane, handled) ?? false }),
      ...(reader.startOf && { startOf: (lane) => reader.startOf?.(lane) }),
      ...(reader.lag && { lag: (handled) => reader.lag?.(handled) }),
      ...(reader.rewind && { rewind: (lanes) => mortal.call('adapters', () => reader.rewind?.(lanes)) }),
    }
  }

  const inOriginals = (checkpoint: Checkpoint): Checkpoint => ({
    ...checkpoint,
    positions: new Map([...checkpoint.positions].map(([source, handled]) => [original(source), handled])),
  })

  function wrapState(state: LaneState): LaneState {
    const call = <T>(f: () => T) => mortal.call('adapters', f)
    return {
      open: (source, lane, signal) => call(() => state.open(original(source), lane, signal)),
      close: (source, lane, reason) => call(() => state.close(original(source), lane, reason)),
      begin: (origin) => state.begin(inOriginal(origin)),
      // Not counted: a message may wait for its turn for any length of time.
      ...(state.turn && { turn: (origin) => state.turn?.(inOriginal(origin)) }),
      undo: (origin) => state.undo(inOriginal(origin)),
      release: (origin) => call(() => state.release(inOriginal(origin))),
      prepare: (checkpoint) => call(() => state.prepare(inOriginals(checkpoint))),
      commit: (checkpoint) => call(() => state.commit(inOriginals(checkpoint))),
      abort: () => call(() => state.abort()),
      restoring: () => state.restoring(),
      ...(state.readOnly && { readOnly: true }),
      ...(state.volatile && { volatile: true }),
    }
  }

  function wrapWriter(writer: SinkWriter<unknown>): SinkWriter<unknown> {
    const { writeFailure, release, prepare, abort, accepts, positions, enclose, undo, atomic, state } = writer
    return {
      write: (value, origin) => mortal.call('adapters', () => writer.write(value, origin && inOriginal(origin))),
      flush: (checkpoint) => mortal.call('adapters', () => writer.flush(inOriginals(checkpoint))),
      close: () => mortal.close(writer),
      ...(atomic && { atomic }),
      ...(writeFailure && {
        writeFailure: (failure, origin) =>
          mortal.call('adapters', () => writeFailure.call(writer, failure, origin && inOriginal(origin))),
      }),
      ...(release && { release: (origin) => mortal.call('adapters', () => release.call(writer, inOriginal(origin))) }),
      ...(prepare && {
        prepare: (checkpoint) => mortal.call('adapters', () => prepare.call(writer, inOriginals(checkpoint))),
      }),
      ...(abort && { abort: (reason) => mortal.call('adapters', () => abort.call(writer, reason)) }),
      ...(accepts && { accepts: (source) => accepts.call(writer, original(source)) }),
      ...(positions && { positions: (source, lanes) => positions.call(writer, original(source), lanes) }),
      ...(enclose && { enclose: (handle, origin) => enclose.call(writer, handle, inOriginal(origin)) as never }),
      ...(state && { state: known(state, () => wrapState(state)) }),
      ...(undo && { undo: (origin) => undo.call(writer, inOriginal(origin)) }),
    }
  }

  return bindings.map((binding) => {
    const { sources, sink, use, policy, handler } = binding
    const deadLetter = wrapped(policy.deadLetter)
    const sinks = sink.map(wrapped)
    const used = use.map(wrapped)
    return {
      ...binding,
      sources: sources.map(wrappedSource),
      sink: sinks,
      use: used,
      targets: [...used, ...sinks, deadLetter],
      policy: { ...policy, deadLetter },
      handler: wrapFunction(handler as () => unknown),
    }
  })
}
