import { createReads, createValueFormat } from '@snapstream/cache/storage'
import type { CacheKey, CacheReads } from '@snapstream/cache'
import { SnapstreamError, toError, type Host } from '@snapstream/core'
import { backoff, sleep, type Changelog, type ChangelogBatch } from '@snapstream/core/adapter'
import type { Background } from './background.ts'
import type { PositionsOnDisk } from './cleanup.ts'
import { followPart } from './follow-part.ts'
import type { ResolvedOptions } from './options.ts'
import { createPart } from './part.ts'
import type { Progress } from './progress.ts'
import type { StateDatabase } from './state-database.ts'

/** Copies of parts that belong to other processes, and parts that will move here: they follow their changelogs. */
export interface Standbys<K extends CacheKey, V> {
  /** By partition, the copies that have caught up with their changelog. */
  readonly copies: ReadonlyMap<number, CacheReads<K, V>>
  /** Whether the part is to be followed. */
  has(partition: number): boolean
  /** Follows these parts, and no others. */
  follow(partitions: readonly number[]): void
  /** Lanes have given parts up: those that wait for that are followed from now on. */
  update(): void
}

interface StandbysOptions<V> {
  /** The name of the store. */
  readonly store: string
  readonly options: ResolvedOptions<V>
  readonly database: StateDatabase
  readonly changelog: Pick<Changelog, 'id' | 'topic' | 'read' | 'warm'>
  readonly host: Host
  readonly background: Background
  readonly positions: PositionsOnDisk
  /** Of the copies. */
  readonly progress: Progress
  /** Of the parts that lanes wait for. */
  readonly active: Progress
  /** Whether a lane has the part, or waits for it. */
  isHeld(partition: number): boolean
  trouble(error: Error): void
}

/** The interval at which a copy looks whether a lane waits for a part, in ms. */
const LOOK_MS = 50
const RETRY = { firstMs: 500, maxMs: 30_000 }

const NO_WRITES = { isEmpty: true, find: () => undefined, entries: () => [] }

export function createStandbys<K extends CacheKey, V>(given: StandbysOptions<V>): Standbys<K, V> {
  const { store, options, database, host, background, positions, progress, active, isHeld } = given
  const copies = new Map<number, CacheReads<K, V>>()
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
        if (!(SnapstreamError.is(error) && error.code === 'OFFSET_OUT_OF_RANGE')) given.trouble(error)
        await sleep(backoff(attempt, { ...RETRY, host }), signal, host)
      }
  }

  async function followOnce(partition: number, signal: AbortSignal, worked: () => void): Promise<void> {
    const part = createPart<K, V>({ store, partition, options, database, use: { bytes: 0 }, forget() {} })
    const changelog = patient(given.changelog, signal)
    const { trouble } = given
    progress.begin(partition)
    try {
      const { syncMs } = options
      for await (const position of followPart({ database, part, changelog, signal, progress, trouble, host, syncMs })) {
        positions.set(partition, position)
        if (copies.has(partition)) continue
        worked()
        copies.set(partition, readsOf(part))
        given.changelog.warm(partition)
      }
    } finally {
      copies.delete(partition)
      progress.end(partition)
    }
  }

  function readsOf({ name, space, retention }: ReturnType<typeof createPart<K, V>>): CacheReads<K, V> {
    const { opened, now } = database
    const format = createValueFormat(options.codec, name)
    return createReads<K, V>({ name, format, space, above: NO_WRITES, opened, now, mayExpire: retention.mayExpire })
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
