import { SnapstreamError, toError, type Host } from '@snapstream/core'
import { backoff, sleep, type Changelog, type ChangelogBatch } from '@snapstream/core/adapter'
import type { Background } from './background.ts'
import type { PositionsOnDisk } from './open-positions.ts'
import { followPart } from './follow-part.ts'
import type { WrittenPart } from './part-writer.ts'
import type { Progress } from './progress.ts'
import type { StateDatabase } from './state-database.ts'

/** Copies of parts that belong to other processes, and parts that will move here: they follow their changelogs. */
export interface Standbys<R> {
  /** By partition, the reads of the copies that have caught up with their changelog. */
  readonly copies: ReadonlyMap<number, R>
  /** Whether the part is to be followed. */
  has(partition: number): boolean
  /** Follows these parts, and no others. */
  follow(partitions: readonly number[]): void
  /** Lanes have given parts up: those that wait for that are followed from now on. */
  update(): void
}

/** A part to follow, and its reads. */
interface Copy<R> {
  readonly part: WrittenPart & { readonly partition: number }
  readonly reads: R
}

interface StandbysOptions<R> {
  readonly database: StateDatabase
  readonly changelog: Pick<Changelog, 'id' | 'topic' | 'read' | 'warm'>
  readonly host: Host
  /** The time between two batches that survive a crash of the machine, in ms. */
  readonly syncMs: number
  readonly background: Background
  readonly positions: PositionsOnDisk
  /** Of the copies. */
  readonly progress: Progress
  /** Of the parts that lanes wait for. */
  readonly active: Progress
  create(partition: number): Copy<R>
  /** Whether a lane has the part, or waits for it. */
  isHeld(partition: number): boolean
  trouble(error: Error): void
}

/** The interval at which a copy looks whether a lane waits for a part, in ms. */
const LOOK_MS = 50
const RETRY = { firstMs: 500, maxMs: 30_000 }

export function createStandbys<R>(given: StandbysOptions<R>): Standbys<R> {
  const { database, host, syncMs, background, positions, progress, active, create, isHeld, trouble } = given
  const copies = new Map<number, R>()
  let wanted = new Set<number>()

  function update(): void {
    for (const partition of wanted)
      if (!isHeld(partition) && !background.has(partition, 'copy'))
        background.begin(partition, 'copy', (signal) => keep(partition, signal))
  }

  /** Follows a part until the signal is aborted. */
  async function keep(partition: number, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; !signal.aborted; attempt++)
      try {
        await followOnce(partition, signal, () => (attempt = 0))
      } catch (thrown) {
        if (signal.aborted) return
        const error = toError(thrown)
        // The next attempt rebuilds the part, and reports it.
        if (!(SnapstreamError.is(error) && error.code === 'OFFSET_OUT_OF_RANGE')) trouble(error)
        await sleep(backoff(attempt, { ...RETRY, host }), signal, host)
      }
  }

  async function followOnce(partition: number, signal: AbortSignal, worked: () => void): Promise<void> {
    const { part, reads } = create(partition)
    const changelog = patient(given.changelog, signal)
    progress.begin(partition)
    try {
      for await (const position of followPart({ database, part, changelog, signal, progress, trouble, host, syncMs })) {
        positions.set(partition, position)
        if (copies.has(partition)) continue
        worked()
        copies.set(partition, reads)
        given.changelog.warm(partition)
      }
    } finally {
      copies.delete(partition)
      progress.end(partition)
    }
  }

  /** Reads a changelog only while no lane waits for a part. */
  function patient(changelog: Pick<Changelog, 'id' | 'topic' | 'read'>, signal: AbortSignal): typeof changelog {
    async function* read(...given: Parameters<typeof changelog.read>): AsyncGenerator<ChangelogBatch, void> {
      for await (const batch of changelog.read(...given)) {
        while (active.list().length > 0 && !signal.aborted) await sleep(LOOK_MS, signal, host)
        yield batch
      }
    }
    return { ...changelog, read }
  }

  return {
    copies,
    has: (partition) => wanted.has(partition),
    follow(partitions) {
      const before = wanted
      wanted = new Set(partitions)
      for (const partition of before) if (!wanted.has(partition)) void background.end(partition)
      update()
    },
    update,
  }
}
