import { placeOf } from '../place.ts'
import type { ReadRecord } from '../read-records.ts'

/** Replaces the value of an output by the place of the input with that value. The values of the load are unique. */
export function placed(inputs: readonly ReadRecord[]): <R extends ReadRecord>(output: R) => R {
  const places = new Map(inputs.map(({ value, partition, offset }) => [value, placeOf(partition, offset)]))
  return (output) => ({ ...output, value: places.get(output.value) ?? output.value })
}
