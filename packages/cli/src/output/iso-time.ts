/** A time as the Python tool writes it: `2023-04-28T17:31:51.775000+00:00`, the fraction only where there is one. */
export function isoTime(ms: number): string {
  if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return String(ms)
  const [seconds = '', fraction = ''] = new Date(ms).toISOString().split(/[.Z]/)
  return `${seconds}${fraction === '000' ? '' : `.${fraction}000`}+00:00`
}
