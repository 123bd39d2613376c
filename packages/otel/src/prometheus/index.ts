export { prometheus } from './prometheus.ts'
export type { PrometheusMetrics, PrometheusOptions } from './prometheus.ts'
