import type { Host } from '@snapstream/core'
import type { Background } from './background.ts'
import type { PositionsOnDisk } from './open-positions.ts'
import type { WrittenPart } from './part-writer.ts'
import { removePart } from './remove-part.ts'
import type { StateDatabase } from './state-database.ts'

/** Removes parts from the disk that have belonged to other processes for a while. */
export interface Cleanup {
  /** Parts have come, or were given up. */
  update(): void
  /** Begins no more removals. */
  close(): void
}

interface CleanupOptions {
  readonly host: Host
  /** The time after which a part is removed, in ms. */
  readonly cleanupMs: number
  readonly database: StateDatabase
  readonly background: Background
  /** The parts on disk. Those that are removed are taken out. */
  readonly positions: PositionsOnDisk
  partOf(partition: number): Pick<WrittenPart, 'name' | 'space'>
  /** Whether a lane has the part, or this process follows it. */
  isInUse(partition: number): boolean
}

export function createCleanup(options: CleanupOptions): Cleanup {
  const { host, cleanupMs, database, background, positions, partOf, isInUse } = options
  /** By partition, when it was seen without use first. */
  const unusedSince = new Map<number, number>()
  let cancel = () => {}

  function update(): void {
    const now = host.monotonic()
    for (const partition of unusedSince.keys())
      if (!positions.has(partition) || isInUse(partition)) unusedSince.delete(partition)
    for (const partition of positions.keys())
      if (!isInUse(partition) && !unusedSince.has(partition)) unusedSince.set(partition, now)
    cancel()
    if (unusedSince.size === 0) return
    const dueAt = Math.min(...unusedSince.values()) + cleanupMs
    cancel = host.setTimeout(sweep, Math.max(0, dueAt - now))
  }

  /** A part whose removal fails is due again after another `cleanupMs`. */
  function sweep(): void {
    const due = host.monotonic() - cleanupMs
    for (const [partition, since] of unusedSince)
      if (since <= due) {
        unusedSince.delete(partition)
        if (positions.has(partition) && !isInUse(partition))
          background.begin(partition, 'removal', (signal) => remove(partition, signal))
      }
    update()
  }

  async function remove(partition: number, signal: AbortSignal): Promise<void> {
    positions.set(partition, undefined)
    if (await removePart(database, partOf(partition), signal)) positions.delete(partition)
  }

  return { update, close: () => cancel() }
}
