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
