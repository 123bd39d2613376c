import type { Metric } from '../names.ts'
import type { Attributes, Reading } from '../read-health.ts'
import type { SeriesStore } from './series.ts'

/** Version 0.0.4 of the format: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

type Labels = Readonly<Record<string, string>>

/**
 * The name of a metric for Prometheus, by OpenTelemetry's rules: dots become underscores, the unit follows if it is one, and
 * counters end in `_total`. Source: https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
export function prometheusName({ name, unit, kind }: Pick<Metric, 'name' | 'unit' | 'kind'>): string {
  const seconds = unit === 's' ? '_seconds' : ''
  return `${labelName(name)}${seconds}${kind === 'counter' ? '_total' : ''}`
}

const labelName = (name: string) => name.replaceAll(/[^a-zA-Z0-9_]/g, '_')

const TYPES = { counter: 'counter', gauge: 'gauge', updown: 'gauge', histogram: 'histogram' } as const

/** Metrics as text: what was read now, and what was recorded before. A metric without values is left out. */
export function textOf(
  metrics: readonly Metric[],
  readings: readonly Reading[],
  series: SeriesStore,
  common: Labels,
): string {
  const lines: string[] = []
  for (const metric of metrics) {
    const name = prometheusName(metric)
    const line = (suffix: string, attributes: Attributes, value: number, more: Labels = {}) =>
      `${name}${suffix}${labelsOf({ ...attributes, ...common, ...more })} ${numberText(value)}`
    const own = readings.filter((reading) => reading.metric === metric)
    const samples = [
      ...own.map(({ value, attributes }) => line('', attributes, value)),
      ...series
        .of(metric)
        .flatMap(({ attributes, sum, count, counts }) =>
          metric.kind === 'counter'
            ? line('', attributes, sum)
            : [
                ...counts.map((upTo, i) =>
                  line('_bucket', attributes, upTo, { le: numberText(metric.bounds?.[i] as number) }),
                ),
                line('_bucket', attributes, count, { le: '+Inf' }),
                line('_sum', attributes, sum),
                line('_count', attributes, count),
              ],
        ),
    ]
    if (samples.length === 0) continue
    lines.push(`# HELP ${name} ${escaped(metric.description)}`, `# TYPE ${name} ${TYPES[metric.kind]}`, ...samples)
  }
  return `${lines.join('\n')}\n`
}

function labelsOf(attributes: Attributes): string {
  const labels = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${labelName(name)}="${escaped(String(value)).replaceAll('"', '\\"')}"`)
  return labels.length > 0 ? `{${labels.join(',')}}` : ''
}

const escaped = (text: string) => text.toWellFormed().replaceAll('\\', '\\\\').replaceAll('\n', '\\n')

function numberText(value: number): string {
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : String(value)
}
