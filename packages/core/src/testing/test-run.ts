import { DEFAULTS } from '../app.ts'
import type { App, Monitored } from '../app.ts'
import type { Binding } from '../binding/binding.ts'
import { refuseCycles } from '../binding/cycle.ts'
import { app as defaultApp } from '../default-app.ts'
import { SnapstreamError, expectUsage } from '../error.ts'
import { createMonitor } from '../observe/monitor.ts'
import type { Host, SinkTarget } from '../protocol.ts'
import { run } from '../engine/run.ts'
import { instrument } from './instrument.ts'
import { createMortal } from './mortal.ts'
import type { Mortal } from './mortal.ts'

export interface TestRunOptions<C extends object = {}> {
  /** @default the app behind `snap` and `stream` */
  readonly app?: Pick<App<C>, 'bindings'> | undefined
  /** Time, scheduling and signals: a virtual host. */
  readonly host: Host
  /** The fields of the context beside `signal` and `stop`. */
  readonly context?: object | undefined
  /** As of `stream`. */
  readonly checkpointMs?: number | undefined
  readonly shutdownMs?: number | undefined
  /** As of `stream`. @default Infinity: on a virtual clock nothing makes progress by itself */
  readonly stallMs?: number | undefined
  /** As of `stream`. @default Infinity */
  readonly readyLag?: number | undefined
}

/** A run that a test holds in its hands. */
export interface TestRun extends Pick<Mortal, 'pending' | 'steps' | 'timers'> {
  /** Settles as the promise of `stream` would; never after `kill`. */
  readonly ended: Promise<void>
  /** Ends it gracefully. */
  stop(): void
  /**
   * Ends it as the death of its process would: no handler is called any more, nothing is written, flushed or acknowledged,
   * and results of pending calls are ignored. Its resources are closed, so that they can be opened again.
   */
  kill(): void
}

/**
 * Runs what is bound to an app, and leaves it bound: it can be run again. For test kits of adapters; what they make of it
 * is for people who write tests, such as `createTestApp` of `@snapstream/kafka/testing`.
 *
 * Throws `NOTHING_BOUND`, `CYCLE` and `USAGE`.
 */
export function startTestRun<C extends object>(options: TestRunOptions<C>): TestRun {
  const { app = defaultApp, host, context = {}, ...timing } = options
  const bindings = app.bindings as readonly Binding[]
  if (bindings.length === 0)
    throw new SnapstreamError('NOTHING_BOUND', 'nothing is bound; import the module that calls snap, or name its app')
  for (const binding of bindings)
    expectUsage(typeof binding.handler === 'function', 'an app that is tested', 'made by createApp', app)
  refuseCycles(bindings)
  const mortal = createMortal(host)
  const stopping = new AbortController()
  const { checkpointMs = DEFAULTS.checkpointMs, shutdownMs = DEFAULTS.shutdownMs } = timing
  const { stallMs = Infinity, readyLag = DEFAULTS.readyLag } = timing
  const given = { ...DEFAULTS, signal: stopping.signal, checkpointMs, shutdownMs, stallMs, readyLag }
  const { '~snapstream.monitor': monitor = createMonitor() } = app as Partial<Monitored>
  const ended = run(instrument(bindings, mortal), context, {
    ...given,
    host: mortal.host,
    signals: true,
    monitor,
  })
  return {
    ended,
    pending: mortal.pending,
    get steps() {
      return mortal.steps
    },
    get timers() {
      return mortal.timers
    },
    stop: () => stopping.abort(),
    kill() {
      mortal.kill()
      // Workers stop at the next message; the end that this begins waits for a host that is gone.
      stopping.abort()
    },
  }
}

/**
 * The sources, sinks, dead letters and resources that are bound to an app, and what is behind a `route`, each once; or only
 * the resources in `use`.
 */
export function boundTo<C extends object>(
  app: Pick<App<C>, 'bindings'> = defaultApp,
  only?: 'use',
): readonly unknown[] {
  const bindings = app.bindings as readonly Partial<Binding>[]
  const all = bindings.flatMap(({ sources = [], targets = [], use = [] }): readonly unknown[] =>
    only ? use : [...sources, ...targets],
  )
  const behind = (target: unknown) =>
    (target as Partial<SinkTarget<unknown>> | undefined)?.['~snapstream.targets'] ?? []
  return [...new Set([...all, ...all.flatMap(behind)])].filter((target) => target !== undefined)
}
