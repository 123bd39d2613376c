import { placeOf } from '../place.ts'
import type { ReadRecord } from '../read-records.ts'
import { parseOutput } from './counted-output.ts'

export interface CountFacts {
  readonly exactlyOnce: boolean
  /** In order within each partition. All records of a key are in one partition. */
  readonly inputs: readonly Pick<ReadRecord, 'partition' | 'offset' | 'key'>[]
  /** The outputs with their counts. */
  readonly outputs: readonly Pick<ReadRecord, 'key' | 'value'>[]
  /** By how the store was read, its counts. */
  readonly audits: ReadonlyMap<string, ReadonlyMap<string, number>>
  /** The places of the records, once for each time that a worker handled them. */
  readonly handled: readonly string[]
  /** The records that were written and not committed, summed over all kills. */
  readonly uncommitted: number
}

export interface CountVerdict {
  readonly problems: readonly string[]
  /** By how much the counts are too high, summed over all keys. */
  readonly tooHigh: number
}

/**
 * Compares the counts with the input. Exactly once: each output has the number of its record among those of its key, and the
 * store has the number of all of them. At least once: they may be too high, for records that were handled again after a kill.
 */
export function judgeCounts(facts: CountFacts): CountVerdict {
  const { exactlyOnce, inputs, outputs, audits, uncommitted } = facts
  const problems: string[] = []
  /** By key, the number of its records so far. */
  const due = new Map<string, number>()
  const byPlace = new Map<string, { readonly key: string; readonly number: number }>()
  for (const { partition, offset, key } of inputs) {
    const number = (due.get(key) ?? 0) + 1
    due.set(key, number)
    byPlace.set(placeOf(partition, offset), { key, number })
  }
  const handlings = handlingsByKey(facts, byPlace)

  function check(what: string, count: number | undefined, least: number, key: string): void {
    const most = exactlyOnce ? least : Math.max(least, handlings.get(key) ?? 0)
    if (count !== undefined && count >= least && count <= most) return
    const expected = least === most ? `${least}` : `${least} to ${most}`
    problems.push(`${what} of ${key} is ${count ?? 'missing'}, expected ${expected}`)
  }

  for (const { key, value } of outputs) {
    const [place, count] = parseOutput(value)
    const input = byPlace.get(place)
    // An output without its input is a figure of the delivery.
    if (input?.key === key) check(`the output for ${place}`, count, input.number, key)
  }
  let tooHigh = 0
  for (const [name, counts] of audits) {
    let excess = 0
    for (const [key, least] of due) {
      const count = counts.get(key)
      check(`${name}: the count`, count, least, key)
      excess += Math.max(0, (count ?? 0) - least)
    }
    for (const key of counts.keys()) if (!due.has(key)) problems.push(`${name}: ${key} is not a key of the input`)
    tooHigh = Math.max(tooHigh, excess)
  }
  if (tooHigh > uncommitted)
    problems.push(`the counts are ${tooHigh} too high; ${uncommitted} records were not committed at kills`)
  return { problems: summaryOf(problems), tooHigh }
}

/** By key, how often its records were handled. */
function handlingsByKey(
  { handled }: CountFacts,
  byPlace: ReadonlyMap<string, { readonly key: string }>,
): ReadonlyMap<string, number> {
  const handlings = new Map<string, number>()
  for (const place of handled) {
    const key = byPlace.get(place)?.key
    if (key !== undefined) handlings.set(key, (handlings.get(key) ?? 0) + 1)
  }
  return handlings
}

const SHOWN = 5

const summaryOf = (problems: readonly string[]) =>
  problems.length <= SHOWN ? problems : [...problems.slice(0, SHOWN), `${problems.length} counts are wrong in all`]
