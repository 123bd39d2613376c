/** As Kafka says that a record has no timestamp. */
const NONE = -1

/** A time as the Python tool writes it: `2023-04-28T17:31:51.775000+00:00`, the fraction only where there is one. */
export function isoTime(ms: number | bigint): string {
  if (Number(ms) === NONE) return 'none'
  // A date holds no more; nanoseconds, for example, are shown as the number that they are.
  if (!Number.isFinite(Number(ms)) || Math.abs(Number(ms)) > 8.64e15) return String(ms)
  const [seconds = '', fraction = ''] = new Date(Number(ms)).toISOString().split(/[.Z]/)
  return `${seconds}${fraction === '000' ? '' : `.${fraction}000`}+00:00`
}
