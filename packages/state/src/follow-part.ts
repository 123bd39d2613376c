import type { Host } from '@snapstream/core'
import { putPosition, type PartPosition } from './part-position.ts'
import { createPartWriter, type WrittenPart } from './part-writer.ts'
import { restorePart, type RestoreOptions } from './restore.ts'
import type { StateDatabase } from './state-database.ts'

interface FollowOptions extends RestoreOptions {
  readonly host: Pick<Host, 'monotonic'>
  /** The time between two batches that survive a crash of the machine, in ms. */
  readonly syncMs: number
}

/**
 * Restores a part on disk and then writes each later record of its changelog, until the signal is aborted. It gives the position
 * of the part: the first one once the part is up to date, the others when a batch is written. Rejects as `restorePart` does, and
 * with `OFFSET_OUT_OF_RANGE` if the changelog loses the records behind the part.
 */
export async function* followPart(options: FollowOptions): AsyncGenerator<PartPosition | undefined, void, void> {
  const { database, part, changelog, signal, host, syncMs } = options
  const restored = await restorePart(options)
  if (signal.aborted) return
  yield restored
  const writer = createPartWriter(database, part, changelog.id, restored)
  let syncedAt = host.monotonic()
  try {
    for await (const batch of changelog.read(part.partition, { from: restored?.offset, follow: true, signal })) {
      await writer.add(batch)
      const now = host.monotonic()
      const sync = now - syncedAt >= syncMs
      await writer.flush(sync)
      if (sync) syncedAt = now
      if (batch.length > 0) yield writer.position
    }
  } finally {
    await writer.flush(!signal.aborted)
    const { position } = writer
    // Nothing may have been written for long: the part was up to date until now.
    if (signal.aborted && position !== undefined) await syncPosition(database, part, position)
  }
}

async function syncPosition(database: StateDatabase, { space }: WrittenPart, position: PartPosition): Promise<void> {
  const batch = database.opened().batch()
  putPosition(batch, space, { ...position, synced: position.offset })
  await batch.write({ sync: true } as object)
}
