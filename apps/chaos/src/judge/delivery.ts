import { placeOf } from '../place.ts'
import type { ReadRecord } from '../read-records.ts'

export interface Delivery {
  readonly produced: number
  /** Records of the input that are in the output, each counted once. */
  readonly handled: number
  /** Records of the input that are not in the output, by place. */
  readonly lost: readonly string[]
  /** Lost records that the group has committed: no worker will read them again. */
  readonly lostForGood: number
  /** Records of the output after the first of each input. */
  readonly duplicated: number
  /** The number of outputs by place, for inputs with more than one. */
  readonly copies: ReadonlyMap<string, number>
  /** Records of the output, without duplicates, that follow a later record of their key. */
  readonly outOfOrder: number
  /** Records of the output without a record of the input. */
  readonly strange: number
}

/** Compares the input with the output. `committed`: the committed offset by partition. */
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
      // All records of a key are in one partition, in the input and in the output.
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
