import { createBinding, refuseShared } from './binding/binding.ts'
import type { Binding } from './binding/binding.ts'
import { refuseCycles } from './binding/cycle.ts'
import { SnapstreamError, expectNumber, expectUsage, withDefaults } from './error.ts'
import { platformHost } from './host.ts'
import type { On } from './observe/events.ts'
import { healthOf } from './observe/health.ts'
import type { Health } from './observe/health.ts'
import { checkLogger } from './observe/logger.ts'
import { createMonitor } from './observe/monitor.ts'
import type { Monitor } from './observe/monitor.ts'
import type { Host } from './host.ts'
import { resetBindings } from './reset.ts'
import type { ResetItem } from './reset.ts'
import { run } from './engine/run.ts'
import type { RunOptions } from './engine/run.ts'
import type { Context, Snap, StreamOptions } from './types.ts'

/** Options of `createApp`. */
export interface AppOptions {
  /** Time, scheduling and signals. @default the platform's */
  readonly host?: Host
  /** Whether SIGINT and SIGTERM end the stream gracefully. A second signal then ends the process at once. @default false */
  readonly signals?: boolean
}

/** An isolated set of bindings and the means to run them. */
export interface App<C extends object> {
  /** Binds sources to a handler and its sinks. Nothing runs before `stream`. */
  readonly snap: Snap<Context & C>
  /**
   * Runs all bindings and removes them from the app: the next `stream` needs calls of `snap` of its own. Resolves when every
   * source has ended or the stream was stopped, and everything is closed. Rejects with the first failure; later failures are
   * in its `suppressed`.
   *
   * `context`: the fields that handlers get beside `signal` and `stop`.
   *
   * Rejects with `NOTHING_BOUND`, `ALREADY_RUNNING`, `CYCLE` or `USAGE` before anything is opened, later with
   * `HANDLER_FAILED`, `SINK_REFUSED`, `SINK_FAILED`, `SOURCE_FAILED`, `PROCESSING_TIMEOUT`, `SHUTDOWN_TIMEOUT`, or the code of the adapter
   * that failed.
   */
  stream(context?: Omit<Context, 'signal' | 'stop'> & C, options?: StreamOptions): Promise<void>
  /**
   * Sets back what earlier runs of these bindings left, so that the next `stream` begins as the first one did: the groups of
   * the topics go back to their first records, and the changelogs and folders of stores are removed. Outputs, other topics
   * and caches stay. Call it between `snap` and `stream`, while no process of the app runs.
   *
   * `dryRun`: nothing is changed. Resolves with what was set back, or would be.
   *
   * Rejects with `ALREADY_RUNNING`, with `GROUP_NOT_EMPTY` while a group has members, with `CACHE_LOCKED` while a process has
   * a folder open, and with errors of the brokers. Nothing is changed if any of them stands in the way at the start. After
   * another error call it again.
   *
   * @example
   * console.table(await app.reset({ dryRun: true }))
   */
  reset(options?: { readonly dryRun?: boolean }): Promise<readonly ResetItem[]>
  /** The bindings that the next `stream` runs. */
  readonly bindings: readonly {
    /** The name of the binding. */
    readonly name: string
  }[]
  /**
   * Calls a listener for each event of a name, in this and later runs; the returned function removes it. The stream does not
   * wait for listeners, and prints their errors with `console.warn`.
   *
   * @example
   * app.on('retry', ({ binding, error, waitMs }) => metrics.count('retries', { binding }))
   */
  readonly on: On
  /** The health of the stream. Cheap; may be called at any time; needs no `this`. */
  health(): Health
}

/** Hidden from users: for test kits, which run the bindings of an app themselves. */
export interface Monitored {
  readonly '~snapstream.monitor': Monitor
}

export const DEFAULTS: RunOptions = {
  signal: undefined,
  checkpointMs: 1000,
  shutdownMs: 25_000,
  stallMs: 60_000,
  exitOnStall: false,
  readyLag: Infinity,
  logger: undefined,
}

/**
 * Makes an app that is separate from the default one behind `snap` and `stream`.
 *
 * @example
 * const app = createApp<{ prefix: string }>()
 * app.snap([1, 2], { sink: [console.log] })((n, { prefix }) => prefix + n)
 * await app.stream({ prefix: '#' })
 */
export function createApp<C extends object = {}>({ host, signals }: AppOptions = {}): App<C> {
  let bindings: Binding[] = []
  /** The calls of `snap` that have no handler yet. */
  let handlerless = new Set<unknown>()
  let running = false
  const monitor = createMonitor()

  function expectIdle() {
    if (running) throw new SnapstreamError('ALREADY_RUNNING', 'the stream is running; await it')
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
    expectUsage(context === Object(context), 'the context of stream', 'an object', context)
    // The context may have a `logger` too: one for the handlers.
    for (const name of ['stop', ...Object.keys(DEFAULTS)])
      expectUsage(name === 'logger' || !(name in context), `'${name}'`, 'in the second argument of stream', context)
    const timing = withDefaults(DEFAULTS, options, 'stream')
    expectNumber(timing.checkpointMs, 'checkpointMs', 1)
    expectNumber(timing.shutdownMs, 'shutdownMs', 0)
    if (timing.stallMs !== Infinity) expectNumber(timing.stallMs, 'stallMs', 1)
    if (timing.readyLag !== Infinity) expectNumber(timing.readyLag, 'readyLag', 0, 'whole ')
    expectUsage(typeof timing.exitOnStall === 'boolean', 'exitOnStall', 'true or false', timing.exitOnStall)
    checkLogger(timing.logger)
    expectUsage(!forgotten, 'snap(...)', 'given a handler: snap(...)(handler)', undefined)
    if (bound.length === 0) throw new SnapstreamError('NOTHING_BOUND', 'nothing is bound; call snap first')
    refuseShared(bound)
    refuseCycles(bound)
    running = true
    try {
      await run(bound, context, { ...timing, host: host ?? platformHost(), signals, monitor })
    } finally {
      running = false
    }
  }

  const app: App<C> & Monitored = {
    snap: snap as Snap<Context & C>,
    stream,
    async reset({ dryRun = false } = {}) {
      expectIdle()
      return resetBindings(bindings, dryRun, new Map())
    },
    get bindings() {
      return bindings
    },
    on: monitor.on,
    health: () => healthOf(monitor),
    '~snapstream.monitor': monitor,
  }
  return app
}
