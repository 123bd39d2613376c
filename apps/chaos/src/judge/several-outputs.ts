import { isDeadLetter, placesOf } from '../outputs.ts'
import { placeOf } from '../place.ts'
import type { ReadRecord } from '../read-records.ts'
import { judgeDelivery } from './delivery.ts'
import type { Delivery } from './delivery.ts'

/** The topics that a worker with several outputs writes. */
export interface SeveralOutputs {
  readonly first: readonly ReadRecord[]
  readonly second: readonly ReadRecord[]
  /** The places of the records that became dead letters. */
  readonly letters: readonly string[]
}

/** Like `judgeDelivery`, for messages with several outputs. `handled` counts outputs and dead letters. */
export function judgeSeveralOutputs(
  inputs: readonly ReadRecord[],
  { first, second, letters }: SeveralOutputs,
  committed: ReadonlyMap<number, number>,
): Delivery {
  const good = inputs.filter(({ offset }) => !isDeadLetter(offset))
  const bad = inputs.filter(({ offset }) => isDeadLetter(offset))
  const keys = new Map(inputs.map(({ partition, offset, key }) => [placeOf(partition, offset), key]))
  const dead = letters.map((value, offset) => ({ partition: 0, offset, key: keys.get(value) ?? '', value }))
  const parts = [
    judgeDelivery(good, first, committed),
    ...placesOf(second).map((records) => judgeDelivery(good, records, committed)),
    judgeDelivery(bad, dead, committed),
  ]
  const sum = (of: (part: Delivery) => number) => parts.reduce((total, part) => total + of(part), 0)
  return {
    produced: inputs.length,
    handled: sum(({ handled }) => handled),
    lost: parts.flatMap(({ lost }) => lost),
    lostForGood: sum(({ lostForGood }) => lostForGood),
    duplicated: sum(({ duplicated }) => duplicated),
    copies: new Map(parts.flatMap(({ copies }) => [...copies])),
    outOfOrder: sum(({ outOfOrder }) => outOfOrder),
    strange: sum(({ strange }) => strange),
  }
}
