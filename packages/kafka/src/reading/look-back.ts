import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import type { RecordBatch } from '../driver/driver.ts'
import type { PartitionBounds } from '../driver/partition-bounds.ts'
import { partitionKey } from '../driver/topic-partition.ts'
import { rangeReader } from './range-reader.ts'

/** The first step, in offsets. A smaller one takes as long, because of the round trip to the broker. */
const FIRST_STEP = 100

/**
 * The offsets of at least the last `count` records of each partition for which `counts` is true, or of all such records if the
 * partition has fewer. Offsets have holes, so the search reads in growing steps from the end.
 */
export async function lookBack(
  settings: ResolvedSettings,
  partitions: readonly PartitionBounds[],
  count: number,
  counts: (batch: RecordBatch, i: number) => boolean,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const found = new Map(partitions.map((at): [string, number[]] => [partitionKey(at), []]))
  let rest = partitions.map((at) => ({ ...at, from: at.latest }))
  for (let step = Math.max(count, FIRST_STEP); ; step *= 2) {
    rest = rest.filter((at) => at.from > at.earliest && (found.get(partitionKey(at))?.length ?? 0) < count)
    if (rest.length === 0) return found
    const ranges = rest.map(({ topic, partition, earliest, from }) => ({
      topic,
      partition,
      start: Math.max(earliest, from - step),
      end: from,
    }))
    for (const [key, earlier] of await offsetsIn(settings, ranges, counts))
      found.set(key, earlier.concat(found.get(key) ?? []))
    rest = rest.map((at, i) => ({ ...at, from: ranges[i]?.start ?? at.earliest }))
  }
}

async function offsetsIn(
  settings: ResolvedSettings,
  ranges: Parameters<typeof rangeReader>[1],
  counts: (batch: RecordBatch, i: number) => boolean,
): Promise<ReadonlyMap<string, number[]>> {
  const offsets = new Map(ranges.map((range): [string, number[]] => [partitionKey(range), []]))
  const ends = new Map(ranges.map((range) => [partitionKey(range), range.end]))
  const reader = rangeReader(settings, ranges)
  try {
    for (let batch = await reader.read(); batch !== undefined; batch = await reader.read()) {
      const key = partitionKey(batch)
      const end = ends.get(key) ?? 0
      for (let i = 0; i < batch.length && batch.offset(i) < end; i++)
        if (counts(batch, i)) offsets.get(key)?.push(batch.offset(i))
      reader.release(batch)
    }
  } finally {
    await reader.close()
  }
  return offsets
}
