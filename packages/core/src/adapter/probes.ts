import type { App, Monitored } from '../app.ts'
import { expectUsage } from '../error.ts'
import type { Host } from '../host.ts'
import type { Monitor } from '../observe/monitor.ts'
import type { EngineProbe, Probe } from '../observe/probe.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- apps of all contexts
type AnyApp = Pick<App<any>, 'health'>

const probesOf = new WeakMap<Monitor, Set<Probe>>()

/**
 * Adds a probe to an app. Streams of the app that begin later ask it; the stream that runs does not. Several probes get every
 * batch, and the first one that follows messages gets the messages. Returns a function that removes the probe. Throws `USAGE`
 * for an app that `createApp` did not make, and for a second probe that follows messages.
 */
export function addProbe(app: AnyApp, probe: Probe): () => void {
  const monitor = monitorOf(app)
  const probes = probesOf.get(monitor) ?? new Set()
  probesOf.set(monitor, probes)
  expectUsage(
    !probe.trace || [...probes].every(({ trace }) => !trace),
    'a second probe that follows messages',
    'another app, or added after the first one was removed',
    probe,
  )
  probes.add(probe)
  const set = () => (monitor.probe = engineProbe(monitor, [...probes]))
  set()
  return () => {
    probes.delete(probe)
    set()
  }
}

function engineProbe(monitor: Monitor, probes: readonly Probe[]): EngineProbe {
  const tracing = probes.find(({ trace }) => trace)
  const batched = probes.filter(({ batch }) => batch)
  return {
    follow(step, binding) {
      if (!tracing) return undefined
      return (message, error) => {
        const trace = tracing.trace!(message, binding)
        message.follow(trace)
        return trace?.run ? trace.run(() => step(message, error)) : step(message, error)
      }
    },
    begin(batch, binding) {
      if (batched.length === 0) return undefined
      const host = monitor.host as Host
      const start = host.monotonic()
      return () => {
        const durationMs = host.monotonic() - start
        for (const probe of batched) probe.batch!(batch, binding, durationMs)
      }
    },
  }
}

/** The outside system of a source or a sink, for monitoring: its property `~snapstream.about`. */
export interface About {
  /** The system that it belongs to, by the names of OpenTelemetry: `'kafka'`. */
  readonly system: string
  /** Its name there: that of the topic. Several names are joined by commas. */
  readonly name: string
  /** The name of the consumer group that reads it, if there is one. */
  readonly group?: string | undefined
}

/** The sources of a binding. */
export interface AboutBinding {
  /** The name of the binding. */
  readonly name: string
  /** Its sources, in order; undefined for one that does not tell. */
  readonly sources: readonly (About | undefined)[]
}

/**
 * The bindings of the current run of an app, or of its last one, in the order of `app.health().bindings`. Throws `USAGE` for an
 * app that `createApp` did not make.
 */
export function bindingsOf(app: AnyApp): readonly AboutBinding[] {
  return monitorOf(app).tallies.map(({ binding: { name, sources } }) => ({ name, sources: sources.map(aboutOf) }))
}

const aboutOf = (bound: unknown) => (bound as { readonly '~snapstream.about'?: About | undefined })['~snapstream.about']

function monitorOf(app: AnyApp): Monitor {
  const monitor = (app as Partial<Monitored> | undefined)?.['~snapstream.monitor']
  expectUsage(monitor, 'an app that is watched', 'made by createApp', app)
  return monitor
}
