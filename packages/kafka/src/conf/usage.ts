import { SnapstreamError } from '@snapstream/core'

/** An argument, an option or a setting is not what it takes. */
export function usage(message: string, cause?: Error): SnapstreamError {
  return new SnapstreamError('USAGE', message, cause === undefined ? {} : { cause })
}

/** An option that does not exist, with the one that was probably meant, or else all there are. */
export function unknownOption(what: string, name: string, names: readonly string[]): SnapstreamError {
  const closest = closestName(name, names)
  const hint = closest === undefined ? `it takes ${names.join(', ')}` : `did you mean '${closest}'?`
  return usage(`${what} has no option '${name}'; ${hint}`)
}

/** The name that was probably meant, if one is near enough: a slip of the keyboard, another case, a missing dot. */
export function closestName(name: string, names: Iterable<string>): string | undefined {
  const wanted = plain(name)
  let best: string | undefined
  let least = Math.max(2, Math.floor(wanted.length / 3)) + 1
  for (const candidate of names) {
    const other = plain(candidate)
    // So many letters are to be added or dropped at least.
    if (Math.abs(wanted.length - other.length) >= least) continue
    const edits = distance(wanted, other)
    if (edits >= least) continue
    best = candidate
    least = edits
  }
  return best
}

const plain = (name: string) => name.replaceAll(/[._-]/g, '').toLowerCase()

/** How many letters to add, drop or replace (Levenshtein). */
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

/** A warning that a process sees once. */
export function warnOnce(message: string): void {
  if (warned.has(message)) return
  warned.add(message)
  console.warn(`snapstream: ${message}`)
}

/** Lets every warning be given again. */
export function forgetWarnings(): void {
  warned.clear()
}
