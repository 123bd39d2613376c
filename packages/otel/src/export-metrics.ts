import type { BatchObservableCallback, Meter, MeterProvider } from '@opentelemetry/api'
import { METRIC } from './names.ts'
import type { Metric } from './names.ts'
import { readHealth } from './read-health.ts'
import type { AnyApp, Attributes } from './read-health.ts'
import { watchApp } from './watch-app.ts'
import type { RecordValue } from './watch-app.ts'
import { watchRequests } from './watch-requests.ts'

/** The metrics that are recorded when something happens. All others are read when they are exported. */
const RECORDED: readonly Metric[] = [
  METRIC.sent,
  METRIC.processDuration,
  METRIC.operationDuration,
  METRIC.checkpointDuration,
]

/** Exports the metrics of an app to a meter. Returns what ends it. */
export function exportMetrics(app: AnyApp, provider: MeterProvider, meter: Meter, common: Attributes): () => void {
  const record = recorder(meter)
  const watched = watchApp(app, (metric, value, attributes) => record(metric, value, { ...attributes, ...common }))
  const metrics: readonly Metric[] = Object.values(METRIC)
  const observables = new Map(
    metrics.filter((metric) => !RECORDED.includes(metric)).map((metric) => [metric.name, observable(meter, metric)]),
  )
  const all = [...observables.values()]
  const read: BatchObservableCallback = (result) => {
    for (const { metric, value, attributes } of [...readHealth(app), ...watched.readings()]) {
      const instrument = observables.get(metric.name)
      if (instrument) result.observe(instrument, value, { ...attributes, ...common })
    }
  }
  meter.addBatchObservableCallback(read, all)
  const endRequests = shareRequests(provider, record)
  return () => {
    endRequests()
    meter.removeBatchObservableCallback(read, all)
    watched.stop()
  }
}

function observable(meter: Meter, { name, kind, unit, description }: Metric) {
  const options = { unit, description }
  if (kind === 'counter') return meter.createObservableCounter(name, options)
  return kind === 'updown'
    ? meter.createObservableUpDownCounter(name, options)
    : meter.createObservableGauge(name, options)
}

function recorder(meter: Meter): RecordValue {
  const recorders = new Map(
    RECORDED.map(
      ({ name, kind, unit, description, bounds = [] }): [string, (value: number, own: Attributes) => void] => {
        if (kind === 'counter') {
          const counter = meter.createCounter(name, { unit, description })
          return [name, (value, own) => counter.add(value, own)]
        }
        const advice = { explicitBucketBoundaries: [...bounds] }
        const histogram = meter.createHistogram(name, { unit, description, advice })
        return [name, (value, own) => histogram.record(value, own)]
      },
    ),
  )
  return ({ name }, value, attributes) => recorders.get(name)?.(value, attributes)
}

/** Requests belong to the process: however many apps report to a provider, it gets each request once. */
const shared = new Map<MeterProvider, { users: number; readonly end: () => void }>()

function shareRequests(provider: MeterProvider, record: RecordValue): () => void {
  const sharing = shared.get(provider) ?? { users: 0, end: watchRequests(record) }
  sharing.users++
  shared.set(provider, sharing)
  return () => {
    if (--sharing.users > 0) return
    sharing.end()
    shared.delete(provider)
  }
}
