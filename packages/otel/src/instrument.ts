import { metrics as globalMetrics, trace as globalTraces } from '@opentelemetry/api'
import type { MeterProvider, TracerProvider } from '@opentelemetry/api'
import { SnapstreamError } from '@snapstream/core'
import { addProbe } from '@snapstream/core/adapter'
import { exportMetrics } from './export-metrics.ts'
import { followMessages } from './follow-messages.ts'
import { SCHEMA_URL, SCOPE } from './names.ts'
import { bindingAttributes } from './read-health.ts'
import type { AnyApp } from './read-health.ts'

/** Options of `instrument`. */
export interface InstrumentOptions {
  /** Whether metrics are exported. @default true */
  readonly metrics?: boolean
  /** Whether messages are traced. @default true */
  readonly traces?: boolean
  /**
   * The part of the messages without a trace that begin a new one, from 0 to 1. The sampler of the SDK decides about each of
   * them. Messages that belong to a trace follow the decision of their producer. @default 0
   */
  readonly startTraces?: number
  /** Attributes of all metrics and spans, such as the name of one of several apps in the process. @default none */
  readonly attributes?: Readonly<Record<string, string | number | boolean>>
  /** Where metrics go. @default the global provider, as the SDK registers it */
  readonly meterProvider?: MeterProvider
  /** Where spans go. @default the global provider, as the SDK registers it */
  readonly tracerProvider?: TracerProvider
}

const OPTIONS = ['metrics', 'traces', 'startTraces', 'attributes', 'meterProvider', 'tracerProvider']

/**
 * Reports an app to OpenTelemetry, by its conventions for messaging: metrics, which are read off `app.health()` when they are
 * exported, and a span for each message that belongs to a sampled trace. Records that are made of a message carry its trace on.
 * Call it after the SDK has been started and before `stream`: a stream that runs already is neither traced nor timed.
 *
 * Returns a function that ends it. Throws `USAGE` for wrong arguments, and for an app that is traced already.
 *
 * @example
 * import { app, snap, stream } from '@snapstream/core'
 *
 * instrument(app)
 * snap([1, 2, 3])((n) => console.log(n))
 * await stream()
 */
export function instrument(app: AnyApp, options: InstrumentOptions = {}): () => void {
  const { metrics = true, traces = true, startTraces = 0, attributes = {} } = options
  for (const name of Object.keys(options))
    if (!OPTIONS.includes(name))
      throw usage(`an option of instrument has to be one of ${OPTIONS.join(', ')}, got ${name}`)
  if (!(startTraces >= 0 && startTraces <= 1))
    throw usage(`startTraces of instrument has to be a number from 0 to 1, got ${String(startTraces)}`)
  const scope = [SCOPE, undefined, { schemaUrl: SCHEMA_URL }] as const
  const removers: (() => void)[] = []
  if (traces) {
    const { tracerProvider = globalTraces.getTracerProvider() } = options
    const bindings = bindingAttributes(app)
    const tracer = tracerProvider.getTracer(...scope)
    removers.push(
      bindings.stop,
      addProbe(app, { trace: followMessages({ bindings, tracer, attributes, startTraces }) }),
    )
  }
  if (metrics) {
    const { meterProvider = globalMetrics.getMeterProvider() } = options
    removers.push(exportMetrics(app, meterProvider, meterProvider.getMeter(...scope), attributes))
  }
  return () => {
    for (const remove of removers.splice(0)) remove()
  }
}

const usage = (message: string) => new SnapstreamError('USAGE', message)
