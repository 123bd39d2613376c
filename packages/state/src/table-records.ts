import { addHead, createKeySpace } from '@snapstream/cache/storage'
import type { Stored } from '@snapstream/cache/storage'
import { SnapstreamError } from '@snapstream/core'
import type { ChangelogBatch, TableLog } from '@snapstream/core/adapter'
import { Buffer } from 'node:buffer'

const PLAIN = createKeySpace('')

/**
 * The records of a table's topic as those of a changelog: keys and values as they are stored. The key of an entry is the bytes of
 * the record's key. Records without a key belong to no entry: they are left out and reported.
 */
export function tableRecords(
  log: TableLog,
  title: string,
  trouble: (error: Error) => void,
): Pick<TableLog, 'id' | 'topic' | 'read' | 'warm'> {
  const { id, topic, warm } = log
  let left = 0
  let toldAt = 1

  function leaveOut(count: number, partition: number, { nextOffset }: ChangelogBatch): void {
    left += count
    if (left < toldAt) return
    toldAt = 2 * left
    trouble(
      new SnapstreamError(
        'SINK_REFUSED',
        `${title} leaves out records without a key, ${left} so far, as they belong to no entry (the last one is before the offset ${nextOffset} of the partition ${partition}); write them with a key`,
        { topic, partition },
      ),
    )
  }

  async function* read(...[partition, options]: Parameters<TableLog['read']>): AsyncGenerator<ChangelogBatch, void> {
    for await (const batch of log.read(partition, options)) {
      const keyless = countKeyless(batch)
      if (keyless > 0) leaveOut(keyless, partition, batch)
      yield storedBatch(batch)
    }
  }
  return { id, topic, read, warm }
}

function countKeyless(batch: ChangelogBatch): number {
  let count = 0
  for (let i = 0; i < batch.length; i++) if (batch.key(i) === null) count++
  return count
}

function storedBatch(batch: ChangelogBatch): ChangelogBatch {
  const { length, nextOffset, endOffset, startOffset } = batch
  return {
    length,
    nextOffset,
    endOffset,
    startOffset,
    timestamp: (i) => batch.timestamp?.(i),
    key(i) {
      const key = batch.key(i)
      return key === null ? null : PLAIN.encode(key)
    },
    value(i) {
      const value = batch.value(i)
      return value === null ? null : bytesOf(addHead(value, 0, 0))
    },
  }
}

const bytesOf = (stored: Stored): Uint8Array => (typeof stored === 'string' ? Buffer.from(stored) : stored)
