import type { CacheStats } from '@snapstream/cache'

/** What a cache holds, with a name a line; sizes are bytes. */
export function statsText({ entries, rangeBytes, diskBytes }: CacheStats, json: boolean): string {
  // A backend that cannot tell has no such line.
  const known = { entries, rangeBytes, diskBytes }
  if (json) return `${JSON.stringify(known)}\n`
  const lines = [`entries: ${entries}`]
  if (rangeBytes !== undefined) lines.push(`stored: about ${bytesText(rangeBytes)}`)
  if (diskBytes !== undefined) lines.push(`on disk: ${bytesText(diskBytes)}`)
  return `${lines.join('\n')}\n`
}

const UNITS = ['kB', 'MB', 'GB', 'TB']

/** As people read it, by powers of a thousand, and exactly. */
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
