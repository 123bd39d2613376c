/** A figure as a column of a table. */
export interface Column {
  readonly title: string
  show(value: number): string
  /** Whether a smaller figure is better. */
  readonly less?: boolean
}

const whole = (value: number) => Math.round(value).toLocaleString('en-US')
const digits = (count: number) => (value: number) =>
  value.toLocaleString('en-US', { minimumFractionDigits: count, maximumFractionDigits: count })
const MB = (value: number) => (value / 1e6).toLocaleString('en-US', { maximumFractionDigits: 0 })

const COLUMNS: Readonly<Record<string, Column>> = {
  rate: { title: 'messages/s', show: whole },
  steadyRate: { title: 'messages/s, second half', show: whole },
  nsPerMessage: { title: 'ns per message', show: digits(1), less: true },
  mbPerSecond: { title: 'MB/s', show: digits(1) },
  cpuSeconds: { title: 'CPU s', show: digits(1), less: true },
  cpuPerMillion: { title: 'CPU s per million', show: digits(2), less: true },
  peakBytes: { title: 'peak MB', show: MB, less: true },
  grewBytes: { title: 'growth MB', show: MB, less: true },
  p50Ms: { title: 'p50 ms', show: digits(1), less: true },
  p99Ms: { title: 'p99 ms', show: digits(1), less: true },
  p999Ms: { title: 'p99.9 ms', show: digits(1), less: true },
  readsPerSecond: { title: 'reads/s', show: whole },
  stateFiles: { title: 'open files of the state', show: whole, less: true },
  checkpointMs: { title: 'checkpoint ms', show: digits(1), less: true },
  checkpointMaxMs: { title: 'longest checkpoint ms', show: digits(1), less: true },
  diskBytes: { title: 'disk MB', show: MB, less: true },
}

export const DEFAULT_COLUMNS = ['rate', 'nsPerMessage', 'cpuPerMillion', 'peakBytes']

export function columnOf(figure: string): Column {
  return COLUMNS[figure] ?? { title: figure, show: digits(2) }
}
