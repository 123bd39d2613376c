import type { ReadRecord } from '../read-records.ts'
import type { Figures } from '../figures.ts'
import type { Order } from './order.ts'

/** Compares the expected orders with the outputs. The value of an output is the id of its order. */
export function judgeOutputs(
  expected: readonly Order[],
  outputs: readonly ReadRecord[],
): Pick<Figures, 'produced' | 'handled' | 'lost' | 'duplicated' | 'outOfOrder' | 'strange'> {
  const ids = new Set(expected.map(({ id }) => id))
  const seen = new Set<number>()
  const last = new Map<string, number>()
  let [duplicated, outOfOrder, strange] = [0, 0, 0]
  for (const { key, value } of outputs) {
    const id = Number(value)
    if (!ids.has(id)) strange += 1
    else if (seen.has(id)) duplicated += 1
    else {
      seen.add(id)
      // All orders of a key are in one partition, written in the order of their ids.
      if (id < (last.get(key) ?? -1)) outOfOrder += 1
      else last.set(key, id)
    }
  }
  return { produced: ids.size, handled: seen.size, lost: ids.size - seen.size, duplicated, outOfOrder, strange }
}
