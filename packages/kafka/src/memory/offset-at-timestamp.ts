import type { PartitionLog } from './partition-log.ts'

const STEP_RECORDS = 1000

/** The first offset of a log with at least this timestamp, or the end. Timestamps need not be in order. */
export function offsetAtTimestamp(log: PartitionLog, timestamp: number): number {
  for (let offset = log.earliest(); offset < log.latest();) {
    const records = log.read(offset, STEP_RECORDS, Infinity)
    const found = records.findIndex((record) => record.timestamp >= timestamp)
    if (found !== -1) return offset + found
    offset += records.length
  }
  return log.latest()
}
