import type { CacheKey } from '@snapstream/cache'
import type { Lane } from '@snapstream/core'
import { type Changelog } from '@snapstream/core/adapter'
import type { ResolvedOptions } from './options.ts'
import { createPart, type Part } from './part.ts'
import type { BufferUse } from './part-buffer.ts'
import type { Progress } from './progress.ts'
import { restorePart } from './restore.ts'
import type { StateDatabase } from './state-database.ts'

/** The parts of a store whose lanes this process has. */
export interface OpenParts<K extends CacheKey, V> {
  /** The parts that messages may read and write, by partition. */
  readonly open: ReadonlyMap<number, Part<K, V>>
  /** The part of a lane; undefined while it is not open. */
  ofLane(lane: Lane): Part<K, V> | undefined
  /** Restores the part of a lane, unless another lane has it open. Resolves also when `signal` is aborted. */
  acquire(source: unknown, lane: Lane, signal: AbortSignal): Promise<void> | undefined
  /** Gives the part of a lane up, unless another lane has it. */
  release(source: unknown, lane: Lane): void
  /** Gives all parts up. Resolves when no restore is under way. */
  close(): Promise<void>
}

/** A part while a lane has it. */
interface Held<K extends CacheKey, V> {
  readonly part: Part<K, V>
  /** The lanes that have it, by source. */
  readonly lanes: Map<unknown, Set<Lane>>
  /** Aborted when the last lane has given it up. */
  readonly given: AbortController
  readonly opening: Promise<void>
}

interface OpenPartsOptions<V> {
  /** The name of the store. */
  readonly store: string
  readonly options: ResolvedOptions<V>
  readonly database: StateDatabase
  readonly changelog: Pick<Changelog, 'id' | 'topic' | 'read' | 'partitionOfLane'>
  readonly use: BufferUse
  readonly progress: Progress
  /** See `createPart`. */
  forget(partition: number, key: Uint8Array): void
  trouble(error: Error): void
}

export function createOpenParts<K extends CacheKey, V>(given: OpenPartsOptions<V>): OpenParts<K, V> {
  const { store, options, database, changelog, use, progress, forget, trouble } = given
  const held = new Map<number, Held<K, V>>()
  const open = new Map<number, Part<K, V>>()
  /** By partition, the end of the last opening: a part must not be restored twice at once. */
  const openings = new Map<number, Promise<unknown>>()
  /** Of lanes whose messages were handled. */
  const byLane = new Map<Lane, Part<K, V>>()

  async function openPart(part: Part<K, V>, signal: AbortSignal): Promise<void> {
    const { partition } = part
    await openings.get(partition)?.catch(() => {})
    if (signal.aborted) return
    progress.begin(partition)
    try {
      await restoreAndOpen(part, signal)
    } finally {
      progress.end(partition)
    }
  }

  async function restoreAndOpen(part: Part<K, V>, signal: AbortSignal): Promise<void> {
    const { partition } = part
    // A batch that was taken before the part was given up may still be written, and must not overwrite what is restored.
    await database.commit(false, { sync: false })
    if (signal.aborted) return
    const position = options.changelog
      ? await restorePart({ database, part, changelog, signal, progress, trouble })
      : undefined
    if (signal.aborted) return
    await part.open(position)
    if (signal.aborted) part.close()
    else open.set(partition, part)
  }

  function begin(partition: number): Held<K, V> {
    const part = createPart<K, V>({ store, partition, options, database, use, forget })
    const controller = new AbortController()
    const opening = openPart(part, controller.signal)
    openings.set(partition, opening)
    // The lanes that wait for it get its error.
    opening.catch(() => {})
    return { part, lanes: new Map(), given: controller, opening }
  }

  function giveUp(partition: number, { part, given }: Held<K, V>): void {
    held.delete(partition)
    given.abort()
    byLane.clear()
    if (open.get(partition) !== part) return
    open.delete(partition)
    part.close()
  }

  return {
    open,
    ofLane(lane) {
      const known = byLane.get(lane)
      if (known !== undefined) return known
      const part = open.get(changelog.partitionOfLane(lane))
      if (part !== undefined) byLane.set(lane, part)
      return part
    },
    acquire(source, lane, signal) {
      const partition = changelog.partitionOfLane(lane)
      const one = held.get(partition) ?? begin(partition)
      held.set(partition, one)
      const { lanes, part, opening } = one
      lanes.set(source, (lanes.get(source) ?? new Set()).add(lane))
      return part.isOpen ? undefined : Promise.race([opening, aborted(signal)])
    },
    release(source, lane) {
      const partition = changelog.partitionOfLane(lane)
      const one = held.get(partition)
      if (one === undefined) return
      const lanes = one.lanes.get(source)
      lanes?.delete(lane)
      if (lanes?.size === 0) one.lanes.delete(source)
      if (one.lanes.size === 0) giveUp(partition, one)
    },
    async close() {
      for (const [partition, one] of held) giveUp(partition, one)
      await Promise.allSettled(openings.values())
    },
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}
