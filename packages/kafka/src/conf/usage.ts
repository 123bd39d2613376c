import { SnapstreamError } from '@snapstream/core'

/** The error for an argument, an option or a setting with a wrong value. */
export function usage(message: string, cause?: Error): SnapstreamError {
  return new SnapstreamError('USAGE', message, cause === undefined ? {} : { cause })
}

/** The error for an option that does not exist. It names the closest option, or all of them. */
export function unknownOption(what: string, name: string, names: readonly string[]): SnapstreamError {
  const closest = closestName(name, names)
  const hint = closest === undefined ? `it takes ${names.join(', ')}` : `did you mean '${closest}'?`
  return usage(`${what} has no option '${name}'; ${hint}`)
}

/** The name that is closest to `name`: a few letters differ at most, and case, dots and dashes do not count. Undefined for none. */
export function closestName(name: string, names: Iterable<string>): string | undefined {
  const wanted = plain(name)
  let best: string | undefined
  let least = Math.max(2, Math.floor(wanted.length / 3)) + 1
  for (const candidate of names) {
    const other = plain(candidate)
    // The distance is at least the difference of the lengths.
    if (Math.abs(wanted.length - other.length) >= least) continue
    const edits = distance(wanted, other)
    if (edits >= least) continue
    best = candidate
    least = edits
  }
  return best
}

const plain = (name: string) => name.replaceAll(/[._-]/g, '').toLowerCase()

/** The number of letters to add, drop or replace (Levenshtein). */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++)
      row.push(
        Math.min(
          (previous[j] ?? 0) + 1,
          (row[j - 1] ?? 0) + 1,
          (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
        ),
      )
    previous = row
  }
  return previous[b.length] ?? 0
}

const warned = new Set<string>()

/** Prints a warning once per process. */
export function warnOnce(message: string): void {
  if (warned.has(message)) return
  warned.add(message)
  console.warn(`snapstream: ${message}`)
}

/** Lets all warnings be printed again. */
export function forgetWarnings(): void {
  warned.clear()
}
