import { createBinding } from './binding.ts'
import type { Binding } from './binding.ts'
import { refuseCycles } from './cycle.ts'
import { SnapstreamError, expectNames, expectNumber, expectUsage } from './error.ts'
import { platformHost } from './host.ts'
import type { Host } from './protocol.ts'
import { run } from './run.ts'
import type { Context, Snap, StreamOptions } from './types.ts'

export interface AppOptions {
  /** Time, scheduling and signals. @default the platform's */
  readonly host?: Host
  /** Whether SIGINT and SIGTERM end the stream gracefully, and a second one at once. @default false */
  readonly signals?: boolean
}

/** An isolated set of bindings and the means to run them. */
export interface App<C extends object> {
  /** Binds sources to a handler and its sinks; nothing runs before `stream`. Throws `USAGE`. */
  readonly snap: Snap<Context & C>
  /**
   * Runs all bindings; resolves when every source has ended or the stream was stopped, and everything is closed.
   * Rejects with the first failure; what failed after it is in its `suppressed`. Afterwards nothing is bound any more.
   *
   * Rejects with `NOTHING_BOUND`, `ALREADY_RUNNING`, `CYCLE` or `USAGE` before anything is opened, later with
   * `HANDLER_FAILED`, `SINK_REFUSED`, `SINK_FAILED`, `SOURCE_FAILED`, `SHUTDOWN_TIMEOUT`, or the code of the adapter
   * that failed.
   */
  stream(context?: Omit<Context, 'signal' | 'stop'> & C, options?: StreamOptions): Promise<void>
  readonly bindings: readonly { readonly name: string }[]
}

/**
 * Makes an app of its own, apart from the default one behind `snap` and `stream`.
 *
 * @example
 * const app = createApp<{ prefix: string }>()
 * app.snap([1, 2], { sink: [console.log] })((n, { prefix }) => prefix + n)
 * await app.stream({ prefix: '#' })
 */
export function createApp<C extends object = {}>({ host, signals = false }: AppOptions = {}): App<C> {
  let bindings: Binding[] = []
  /** Calls of snap that were not given their handler yet. */
  let handlerless = new Set<unknown>()
  let running = false

  function expectIdle() {
    if (running)
      throw new SnapstreamError('ALREADY_RUNNING', 'the stream is running: await it first, or use createApp()')
  }

  const snap = (...args: readonly unknown[]) => {
    handlerless.add(args)
    return (handler: unknown) => {
      expectIdle()
      handlerless.delete(args)
      bindings.push(createBinding(args, handler, bindings.length + 1))
      return handler
    }
  }

  async function stream(context: object = {}, options: StreamOptions = {}): Promise<void> {
    expectIdle()
    const bound = bindings
    const forgotten = handlerless.size
    bindings = []
    handlerless = new Set()
    expectUsage(typeof context === 'object' && context !== null, 'the context of stream', 'an object', context)
    for (const name of ['stop', ...OPTIONS])
      expectUsage(!(name in context), `'${name}'`, 'given second: stream({}, { ... })', context)
    expectNames(options, OPTIONS, 'stream')
    const { signal, checkpointMs = 1000, shutdownMs = 25_000 } = options
    expectNumber(checkpointMs, 'checkpointMs', 1)
    expectNumber(shutdownMs, 'shutdownMs', 0)
    expectUsage(forgotten === 0, 'every snap(...)', 'given a handler: snap(...)(handler)', `${forgotten} without`)
    if (bound.length === 0)
      throw new SnapstreamError('NOTHING_BOUND', 'nothing is bound: call snap(source, { sink })(handler) first')
    refuseCycles(bound)
    running = true
    try {
      await run(bound, context, host ?? platformHost(), signals, signal, checkpointMs, shutdownMs)
    } finally {
      running = false
    }
  }

  return {
    snap: snap as Snap<Context & C>,
    stream,
    get bindings() {
      return bindings.map(({ name }) => ({ name }))
    },
  }
}

const OPTIONS = ['signal', 'checkpointMs', 'shutdownMs']
