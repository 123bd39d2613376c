import { readFileSync } from 'node:fs'
import { parser } from '@prometheus-io/lezer-promql'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { ATTRIBUTE, METRIC } from './names.ts'
import type { Metric } from './names.ts'
import { prometheusName } from './prometheus/text-format.ts'

const read = (name: string) => readFileSync(new URL(`../monitoring/${name}`, import.meta.url), 'utf8')

/** The names that the text format has for a metric. */
function seriesOf(metric: Metric): string[] {
  const name = prometheusName(metric)
  return metric.kind === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => `${name}${suffix}`) : [name]
}
const SERIES = Object.values(METRIC).flatMap((metric: Metric) => seriesOf(metric))
/** Prometheus itself adds job and instance, and histograms have le. */
const LABELS = ['job', 'instance', 'le', ...Object.values(ATTRIBUTE).map((name) => name.replaceAll('.', '_'))]

/** The metrics and labels of a query, by the grammar of Prometheus. Throws for what that does not accept. */
function namesIn(query: string): { readonly metrics: string[]; readonly labels: string[] } {
  const metrics: string[] = []
  const labels: string[] = []
  parser.parse(query).iterate({
    enter({ name, type, from, to, node }) {
      const text = query.slice(from, to)
      if (type.isError) throw new Error(`${query} is no PromQL at ${from}`)
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector') metrics.push(text)
      if (name === 'LabelName') labels.push(text)
    },
  })
  return { metrics, labels }
}

/** Grafana replaces its variables before Prometheus sees the query. */
const withoutVariables = (query: string) => query.replaceAll('$__rate_interval', '5m')

interface Dashboard {
  readonly uid: string
  readonly panels: readonly {
    readonly id: number
    readonly title: string
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
    readonly targets: readonly { readonly expr: string }[]
  }[]
}

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[]
}

const dashboard = JSON.parse(read('grafana-dashboard.json')) as Dashboard
const rules = (parse(read('prometheus-alerts.yml')) as Rules).groups.flatMap((group) => group.rules)
const queries = [
  ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, withoutVariables(expr)])),
  ...rules.map(({ alert, expr }) => [alert, expr]),
] as [string, string][]

test.each(queries)('the query of "%s" names only metrics and labels that exist', (_, query) => {
  const { metrics, labels } = namesIn(query)
  expect(metrics.length).toBeGreaterThan(0)
  expect(SERIES).toEqual(expect.arrayContaining(metrics))
  expect(LABELS).toEqual(expect.arrayContaining(labels))
})

test('the check finds names that do not exist, and broken queries', () => {
  expect(namesIn('sum by (job, a) (rate(snapstream_lags{b="c"}[5m]))')).toEqual({
    metrics: ['snapstream_lags'],
    labels: ['job', 'a', 'b'],
  })
  expect(() => namesIn('sum by (job) (snapstream_lag')).toThrow('is no PromQL')
})

describe('the dashboard', () => {
  test('shows every metric', () => {
    const shown = new Set(
      dashboard.panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => namesIn(withoutVariables(expr)).metrics)),
    )
    const missing = Object.values(METRIC).filter((metric: Metric) => !seriesOf(metric).some((name) => shown.has(name)))
    expect(missing).toEqual([])
  })

  test('has panels that do not overlap', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)}/${y + Math.floor(i / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
  })
})

test('there is an alert for each thing that needs a person', () => {
  expect(rules.map(({ alert }) => alert)).toEqual([
    'SnapstreamNotLive',
    'SnapstreamStalled',
    'SnapstreamLagGrows',
    'SnapstreamDeadLetters',
    'SnapstreamSkips',
    'SnapstreamRestoreStands',
    'SnapstreamTransactionsAbort',
  ])
})
