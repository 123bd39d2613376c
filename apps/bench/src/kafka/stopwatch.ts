import type { Outcome } from '../suite.ts'
import type { Shape } from './message.ts'

/** Measures the reading, from the first call to the call with the last record. */
export function stopwatch({ records }: Pick<Shape, 'records'>) {
  let [started, ended, first, seen, bytes] = [0, 0, 0, 0, 0]
  return {
    /** Returns whether all records were read. */
    saw(count: number, length: number): boolean {
      if (seen === 0) {
        started = performance.now()
        first = count
      }
      seen += count
      bytes += length
      if (seen < records) return false
      ended = performance.now()
      return true
    },
    /** The records of the first call were fetched before the measurement, so they do not count. */
    outcome(): Outcome {
      return {
        messages: seen,
        ms: ((ended - started) * seen) / Math.max(1, seen - first),
        checksum: `${seen} records, ${bytes} bytes`,
      }
    },
  }
}

/** The outcome of every contestant that reads a topic. */
export const expectedRead = ({ records, valueBytes }: Shape) => `${records} records, ${records * valueBytes} bytes`
