import { createBinding, parseSnapArguments } from './binding.ts'
import type { Binding } from './binding.ts'
import { refuseCycles } from './cycle.ts'
import { SnapstreamError, describe } from './error.ts'
import { platformHost } from './host.ts'
import { requireCount } from './policy.ts'
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
  const handlerless = new Set<object>()
  let running = false

  const snap = (...args: readonly unknown[]) => {
    const { sources, options } = parseSnapArguments(args)
    const call = {}
    handlerless.add(call)
    return (handler: unknown) => {
      handlerless.delete(call)
      if (running) throw new SnapstreamError('ALREADY_RUNNING', 'snap was called while the stream runs; bind before it')
      bindings.push(createBinding(sources, options, handler, bindings.length + 1))
      return handler
    }
  }

  async function stream(context: object = {}, options: StreamOptions = {}): Promise<void> {
    if (running) throw new SnapstreamError('ALREADY_RUNNING', 'stream is running already; await it, or use createApp()')
    const bound = bindings
    const forgotten = handlerless.size
    bindings = []
    handlerless.clear()
    const { signal, checkpointMs, shutdownMs } = parseStreamArguments(context, options)
    if (forgotten > 0) throw new SnapstreamError('USAGE', 'a snap(...) was not given its handler: snap(...)(handler)')
    if (bound.length === 0)
      throw new SnapstreamError(
        'NOTHING_BOUND',
        'nothing is bound: call snap(source, { sink })(handler) before stream()',
      )
    refuseCycles(bound)
    running = true
    try {
      await run({ bindings: bound, context, host: host ?? platformHost(), signals, signal, checkpointMs, shutdownMs })
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

const STREAM_OPTIONS = ['signal', 'checkpointMs', 'shutdownMs']

function parseStreamArguments(context: object, options: StreamOptions) {
  if (typeof context !== 'object' || context === null)
    throw new SnapstreamError('USAGE', `stream takes a context object first, got ${describe(context)}`)
  for (const name of ['signal', 'stop', ...STREAM_OPTIONS])
    if (name in context)
      throw new SnapstreamError(
        'USAGE',
        `'${name}' is not part of the context; options come second: stream({}, { ... })`,
      )
  for (const name of Object.keys(options))
    if (!STREAM_OPTIONS.includes(name))
      throw new SnapstreamError('USAGE', `stream has no option '${name}'; it takes ${STREAM_OPTIONS.join(', ')}`)
  const { signal, checkpointMs = 1000, shutdownMs = 25_000 } = options
  requireCount(checkpointMs, 'checkpointMs', 1)
  requireCount(shutdownMs, 'shutdownMs', 0)
  return { signal, checkpointMs, shutdownMs }
}
