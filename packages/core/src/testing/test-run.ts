import { DEFAULTS } from '../app.ts'
import type { App, Monitored } from '../app.ts'
import { refuseShared } from '../binding/binding.ts'
import type { Binding } from '../binding/binding.ts'
import { refuseCycles } from '../binding/cycle.ts'
import { app as defaultApp } from '../default-app.ts'
import { SnapstreamError, expectUsage } from '../error.ts'
import { createMonitor } from '../observe/monitor.ts'
import type { Host } from '../host.ts'
import type { SinkTarget } from '../protocol.ts'
import { run } from '../engine/run.ts'
import { resetBindings } from '../reset.ts'
import type { ResetItem } from '../reset.ts'
import { instrument } from './instrument.ts'
import { createMortal } from './mortal.ts'
import type { Mortal } from './mortal.ts'

/** Options of `startTestRun`. */
export interface TestRunOptions<C extends object = {}> {
  /** @default the app behind `snap` and `stream` */
  readonly app?: Pick<App<C>, 'bindings'> | undefined
  /** Time, scheduling and signals: a virtual host. */
  readonly host: Host
  /** The fields of the context beside `signal` and `stop`. @default none */
  readonly context?: object | undefined
  /** What sources and sinks find in the `scope` of the run, by key. @default nothing */
  readonly scope?: ReadonlyMap<unknown, unknown> | undefined
  /** As in `stream`. @default 1000 */
  readonly checkpointMs?: number | undefined
  /** As in `stream`. @default 25000 */
  readonly shutdownMs?: number | undefined
  /** As in `stream`. @default Infinity: on a virtual clock nothing makes progress by itself */
  readonly stallMs?: number | undefined
  /** As in `stream`. @default Infinity */
  readonly readyLag?: number | undefined
}

/** A run under the control of a test. */
export interface TestRun extends Pick<Mortal, 'pending' | 'steps' | 'timers'> {
  /** Settles as the promise of `stream` would; never after `kill`. */
  readonly ended: Promise<void>
  /** Begins a graceful end. */
  stop(): void
  /**
   * Ends it like a crash of its process: the engine calls no handler any more, writes, flushes and acknowledges nothing, and
   * ignores the results of pending calls. Resources are closed, so that they can be opened again.
   */
  kill(): void
}

/**
 * Runs the bindings of an app and leaves them bound, so that they can run again. It is for test kits of adapters. Tests of
 * applications use such a kit, for example `createTestApp` of `@snapstream/kafka/testing`.
 *
 * Throws `NOTHING_BOUND`, `CYCLE` and `USAGE`.
 */
export function startTestRun<C extends object>(options: TestRunOptions<C>): TestRun {
  const { app = defaultApp, host, context = {}, scope = new Map(), ...timing } = options
  const bindings = app.bindings as readonly Binding[]
  if (bindings.length === 0)
    throw new SnapstreamError('NOTHING_BOUND', 'nothing is bound; import the module that calls snap, or name its app')
  for (const binding of bindings)
    expectUsage(typeof binding.handler === 'function', 'an app that is tested', 'made by createApp', app)
  refuseShared(bindings)
  refuseCycles(bindings)
  const mortal = createMortal(host)
  const stopping = new AbortController()
  const { checkpointMs = DEFAULTS.checkpointMs, shutdownMs = DEFAULTS.shutdownMs } = timing
  const { stallMs = Infinity, readyLag = DEFAULTS.readyLag } = timing
  const given = { ...DEFAULTS, signal: stopping.signal, checkpointMs, shutdownMs, stallMs, readyLag }
  const { '~snapstream.monitor': monitor = createMonitor() } = app as Partial<Monitored>
  const ended = run(instrument(bindings, mortal, scope), context, {
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
      // Workers stop at the next message. The graceful end that this begins never completes, as the host's timers are gone.
      stopping.abort()
    },
  }
}

/** Resets the bindings of an app, as `app.reset` does, and leaves them bound. `scope`: as in `startTestRun`. */
export function resetTestApp<C extends object>(
  { app = defaultApp, scope = new Map() }: Pick<TestRunOptions<C>, 'app' | 'scope'>,
  dryRun: boolean,
): Promise<readonly ResetItem[]> {
  return resetBindings(app.bindings as readonly Binding[], dryRun, new Map(scope))
}

/**
 * The sources, sinks, dead letters and resources that are bound to an app, including the sinks behind a `route`, each once.
 * `only`: just the resources in `use`.
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
