import type { ReadRecord } from '../read-records.ts'
import type { Figures } from '../figures.ts'
import type { TrialOutcome } from '../trial.ts'

/** The key that records of all partitions share: those whose keys end with the same character. */
export const sharedOf = (key: string): string => `all ${key.at(-1)}`

/** Compares the counts with the produced records, key by key. */
export function judgeCounts(
  records: readonly Pick<ReadRecord, 'key' | 'value'>[],
  counted: ReadonlyMap<string, number>,
  isShared = false,
): TrialOutcome {
  const expected = new Map<string, number>()
  const add = (key: string, amount: number) => expected.set(key, (expected.get(key) ?? 0) + amount)
  for (const { key, value } of records) {
    for (const kind of isShared ? [key, sharedOf(key)] : [key]) {
      add(`count ${kind}`, 1)
      add(`sum ${kind}`, Number(value))
    }
  }
  let [handled, lost, duplicated, strange] = [0, 0, 0, 0]
  const problems: string[] = []
  for (const key of new Set([...expected.keys(), ...counted.keys()])) {
    const [due, found] = [expected.get(key) ?? 0, counted.get(key) ?? 0]
    if (!expected.has(key)) strange += 1
    if (key.startsWith('count ') && !key.startsWith('count all ')) {
      handled += found
      lost += Math.max(0, due - found)
      duplicated += Math.max(0, found - due)
    }
    if (due !== found) problems.push(`${key} is ${found}, expected ${due}`)
  }
  const figures: Partial<Figures> = { produced: records.length, handled, lost, duplicated, strange }
  return { figures, problems: problems.length > 5 ? [`${problems.length} are wrong: ${problems[0]}`] : problems }
}
