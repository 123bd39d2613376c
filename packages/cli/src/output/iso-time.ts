/** Kafka's timestamp of a record without one. */
const NONE = -1

/** A time in the format of the Python tool: `2023-04-28T17:31:51.775000+00:00`, without a fraction of zero. */
export function isoTime(ms: number | bigint): string {
  if (Number(ms) === NONE) return 'none'
  // Beyond the range of a date, as with nanoseconds, the number itself is shown.
  if (!Number.isFinite(Number(ms)) || Math.abs(Number(ms)) > 8.64e15) return String(ms)
  const [seconds = '', fraction = ''] = new Date(Number(ms)).toISOString().split(/[.Z]/)
  return `${seconds}${fraction === '000' ? '' : `.${fraction}000`}+00:00`
}
