import { placeOf } from '../place.ts'
import type { ReadRecord } from '../read-records.ts'

export interface Delivery {
  readonly produced: number
  /** Records of the input that are in the output, each counted once. */
  readonly handled: number
  /** Records of the input that are not in the output, by place. */
  readonly lost: readonly string[]
  /** Of those, the ones that the group has committed: nobody will handle them any more. */
  readonly lostForGood: number
  /** Records of the output beyond the first of each input. */
  readonly duplicated: number
  /** How often those came out that came out more than once, by place. */
  readonly copies: ReadonlyMap<string, number>
  /** Records of the output, without duplicates, that come behind a later one of their key. */
  readonly outOfOrder: number
  /** Records of the output that no record of the input explains. */
  readonly strange: number
}

/** Compares what was fed with what came out. `committed`: the offset the group goes on from, by partition. */
export function judgeDelivery(
  inputs: readonly ReadRecord[],
  outputs: readonly ReadRecord[],
  committed: ReadonlyMap<number, number>,
): Delivery {
  const byPlace = new Map(inputs.map((record) => [placeOf(record.partition, record.offset), record]))
  const seen = new Set<string>()
  const last = new Map<string, number>()
  const copies = new Map<string, number>()
  let [duplicated, outOfOrder, strange] = [0, 0, 0]
  for (const { key, value } of outputs) {
    const input = byPlace.get(value)
    if (input?.key !== key) strange += 1
    else if (seen.has(value)) {
      duplicated += 1
      copies.set(value, (copies.get(value) ?? 1) + 1)
    } else {
      seen.add(value)
      // All records of a key are in one partition, of the input and of the output.
      if (input.offset < (last.get(key) ?? -1)) outOfOrder += 1
      else last.set(key, input.offset)
    }
  }
  const missing = inputs.filter(({ partition, offset }) => !seen.has(placeOf(partition, offset)))
  return {
    produced: inputs.length,
    handled: seen.size,
    lost: missing.map(({ partition, offset }) => placeOf(partition, offset)),
    lostForGood: missing.filter(({ partition, offset }) => offset < (committed.get(partition) ?? 0)).length,
    duplicated,
    copies,
    outOfOrder,
    strange,
  }
}
