import type { App } from '@snapstream/core'
import { bindingsOf } from '@snapstream/core/adapter'
import type { About } from '@snapstream/core/adapter'
import { ATTRIBUTE, METRIC } from './names.ts'
import type { Metric } from './names.ts'

/** An app of `createApp`, or the one behind `snap` and `stream`. */
// oxlint-disable-next-line typescript/no-explicit-any -- apps of all contexts
export type AnyApp = Pick<App<any>, 'health' | 'on'>

/** The values of attributes, as OpenTelemetry and Prometheus take them. */
export type Attributes = Readonly<Record<string, string | number | boolean>>

/** The value of a metric at this moment. */
export interface Reading {
  readonly metric: Metric
  readonly value: number
  readonly attributes: Attributes
}

/** Reads the metrics that `app.health()` has. It costs nothing a message. */
export function readHealth(app: AnyApp): Reading[] {
  const { live, ready, bindings, stores } = app.health()
  const attributes = attributesOf(app)
  const readings: Reading[] = [
    { metric: METRIC.live, value: Number(live), attributes: {} },
    { metric: METRIC.ready, value: Number(ready), attributes: {} },
  ]
  for (const [
    i,
    { name, state, lag, inFlight, handled, retried, skipped, deadLettered, late, aborted },
  ] of bindings.entries()) {
    const own = attributes[i] ?? { [ATTRIBUTE.binding]: name }
    const add = (metric: Metric, value: number) => readings.push({ metric, value, attributes: own })
    add(METRIC.consumed, handled)
    add(METRIC.inFlight, inFlight)
    add(METRIC.retried, retried)
    add(METRIC.skipped, skipped)
    add(METRIC.deadLettered, deadLettered)
    add(METRIC.late, late)
    add(METRIC.aborted, aborted)
    add(METRIC.stalled, Number(state === 'stalled'))
    if (lag !== undefined) add(METRIC.lag, lag)
  }
  for (const { store, partition, done, of, role } of stores)
    readings.push({
      metric: METRIC.restoring,
      value: Math.max(0, of - done),
      attributes: {
        [ATTRIBUTE.store]: store,
        [ATTRIBUTE.partition]: String(partition),
        [ATTRIBUTE.role]: role,
      },
    })
  return readings
}

/** The attributes of each binding of the run, in order. Bindings with the same name get a number behind it. */
export function attributesOf(app: AnyApp): Attributes[] {
  const seen = new Map<string, number>()
  return bindingsOf(app).map(({ name, sources }) => {
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return { [ATTRIBUTE.binding]: count === 1 ? name : `${name} (${count})`, ...sourceAttributes(sources) }
  })
}

/** The attributes of bindings by their names, for what is measured while a stream runs. */
export interface BindingAttributes {
  of(binding: string): Attributes
  /** Ends it. */
  stop(): void
}

export function bindingAttributes(app: AnyApp): BindingAttributes {
  // It refuses what is no app.
  bindingsOf(app)
  const known = new Map<string, Attributes>()
  const stop = app.on('start', () => known.clear())
  return {
    of(binding) {
      if (known.size === 0) for (const own of attributesOf(app)) known.set(String(own[ATTRIBUTE.binding]), own)
      return known.get(binding) ?? { [ATTRIBUTE.binding]: binding }
    },
    stop,
  }
}

/** The attributes that all sources of a binding share, and their names. None if one of them does not tell. */
function sourceAttributes(sources: readonly (About | undefined)[]): Attributes {
  const told = sources.flatMap((source) => source ?? [])
  if (told.length < sources.length) return {}
  const same = (field: 'system' | 'group') => {
    const [value, ...others] = new Set(told.map((source) => source[field]))
    return others.length === 0 ? value : undefined
  }
  const [system, group] = [same('system'), same('group')]
  return {
    ...(system !== undefined && { [ATTRIBUTE.system]: system }),
    [ATTRIBUTE.destination]: told.map(({ name }) => name).join(','),
    ...(group !== undefined && { [ATTRIBUTE.group]: group }),
  }
}
