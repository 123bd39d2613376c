/** A time as a date, or as a number where it is none. */
export function formatTime(time: number): string {
  return Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : String(time)
}
