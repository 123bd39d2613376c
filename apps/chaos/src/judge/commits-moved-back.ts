import type { Commit } from '../commits.ts'

/** The number of commits below the previous commit of their partition. */
export function commitsMovedBack(commits: readonly Commit[]): number {
  const last = new Map<number, number>()
  let back = 0
  for (const { partition, offset } of commits) {
    if (offset < (last.get(partition) ?? 0)) back += 1
    last.set(partition, offset)
  }
  return back
}
