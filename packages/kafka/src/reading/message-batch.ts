import type { Batch } from '@snapstream/core'
import type { RecordBatch } from '../driver/driver.ts'
import type { TopicRecord } from '../record/topic-record.ts'
import { rawRecord } from '../record/decode-batch.ts'
import type { DecodedBatch } from '../record/decode-batch.ts'

/** Decoded records as the engine takes them. `end`: the position after all of them and of what is not shown. */
export function messageBatch(
  batch: RecordBatch,
  { messages, errors, indexOf }: DecodedBatch,
  lane: string,
  end: number,
  release: () => void,
): Batch<TopicRecord<unknown, unknown>> {
  const count = messages.length
  let released = false
  return {
    lane,
    messages,
    bytes: batch.bytes,
    ...(errors.size > 0 && { error: (i: number) => errors.get(i) }),
    timestamp: (i) => messages[i]?.exactTimestamp ?? messages[i]?.timestamp,
    headers: (i) => messages[i]?.headers,
    raw: (i) => (i < count ? rawRecord(batch, indexOf(i)) : undefined),
    position: (n) => messages[n]?.offset ?? end,
    done(n) {
      if (n < count || released) return
      released = true
      release()
    },
  }
}
