import type { CacheStats } from '@snapstream/cache'

/** The statistics of a cache, one a line. Sizes are in bytes. */
export function statsText({ entries, rangeBytes, diskBytes }: CacheStats, json: boolean): string {
  // A backend that does not know a size has no line for it.
  const known = { entries, rangeBytes, diskBytes }
  if (json) return `${JSON.stringify(known)}\n`
  const lines = [`entries: ${entries}`]
  if (rangeBytes !== undefined) lines.push(`stored: about ${bytesText(rangeBytes)}`)
  if (diskBytes !== undefined) lines.push(`on disk: ${bytesText(diskBytes)}`)
  return `${lines.join('\n')}\n`
}

const UNITS = ['kB', 'MB', 'GB', 'TB']

/** A size in powers of a thousand, and the exact number: `1.5 kB (1500 bytes)`. */
export function bytesText(bytes: number): string {
  let size = bytes
  let unit = ''
  for (const larger of UNITS) {
    if (size < 1000) break
    size /= 1000
    unit = larger
  }
  return unit === '' ? `${bytes} bytes` : `${size.toFixed(1)} ${unit} (${bytes} bytes)`
}
