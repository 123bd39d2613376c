import type { ReadRecord } from '../read-records.ts'

/** The output of a worker with a store: the place of the record, and the count of its key. */
export const countedOutput = (place: string, count: number): string => `${place} ${count}`

/** The same output without its count, as workers without a store write it. */
export const placeAlone = (record: ReadRecord): ReadRecord => ({ ...record, value: parseOutput(record.value)[0] })

export function parseOutput(value: string): readonly [place: string, count: number] {
  const end = value.indexOf(' ')
  return [value.slice(0, end), Number(value.slice(end + 1))]
}
