import { lookBack } from '../reading/look-back.ts'
import type { PartitionBounds } from '../reading/look-back.ts'
import type { OffsetRange } from '../reading/range-reader.ts'
import { partitionKey } from '../driver/topic-partition.ts'
import { partitionBounds } from './partition-bounds.ts'
import type { PartitionChoice } from './partition-bounds.ts'
import type { OpenTopic } from './topic-lifecycle.ts'
import type { TopicSpec } from '../options/topic-spec.ts'

/** The offsets that `slice(start, end)` means, as the topic is now; clipped to what there is. */
export async function sliceRanges(
  spec: TopicSpec,
  opened: Pick<OpenTopic, 'settings' | 'found'>,
  { start, end, ...choice }: PartitionChoice & { readonly start: number | undefined; readonly end: number | undefined },
): Promise<readonly OffsetRange[]> {
  const bounds = await partitionBounds(spec, opened, choice)
  const count = Math.max(0, -(start ?? 0), -(end ?? 0))
  const last = await lookBack(opened.settings, bounds, count, (batch, i) => spec.tombstones || batch.value(i) !== null)

  const place = (at: PartitionBounds, offset: number) => {
    if (offset >= 0) return Math.min(Math.max(offset, at.earliest), at.latest)
    return last.get(partitionKey(at))?.at(offset) ?? at.earliest
  }
  return bounds
    .map((at) => {
      const { topic, partition, earliest, latest } = at
      return {
        topic,
        partition,
        start: start === undefined ? earliest : place(at, start),
        end: end === undefined ? latest : place(at, end),
      }
    })
    .filter((range) => range.start < range.end)
}
