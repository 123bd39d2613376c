import type { Outcome } from '../suite.ts'
import type { Shape } from './message.ts'

/** Follows what is read, from the first call to that which has the last record. */
export function stopwatch({ records }: Pick<Shape, 'records'>) {
  let [started, ended, first, seen, bytes] = [0, 0, 0, 0, 0]
  return {
    /** Answers whether all have been seen. */
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
    /** What came with the first call had been under way before it: the time is that of all others. */
    outcome(): Outcome {
      return {
        messages: seen,
        ms: ((ended - started) * seen) / Math.max(1, seen - first),
        checksum: `${seen} records, ${bytes} bytes`,
      }
    },
  }
}

/** What all that read a topic have to come to. */
export const expectedRead = ({ records, valueBytes }: Shape) => `${records} records, ${records * valueBytes} bytes`
