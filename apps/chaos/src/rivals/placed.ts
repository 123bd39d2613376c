import { placeOf } from '../place.ts'
import type { ReadRecord } from '../read-records.ts'

/** Puts the place of an input where an output has only its value. The values of the load are all different. */
export function placed(inputs: readonly ReadRecord[]): <R extends ReadRecord>(output: R) => R {
  const places = new Map(inputs.map(({ value, partition, offset }) => [value, placeOf(partition, offset)]))
  return (output) => ({ ...output, value: places.get(output.value) ?? output.value })
}
