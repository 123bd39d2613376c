import {
  checkInput,
  createAttempts,
  type Attempt,
  type Attempts,
  type BufferUse,
  type Entry,
} from '@snapstream/cache/storage'
import type { CacheInput, CacheKey } from '@snapstream/cache'
import { SnapstreamError, describe } from '@snapstream/core'
import type { Lane, LaneState, Origin, SinkOptions, SinkWriter } from '@snapstream/core'
import { createCondition, isThenable, type Changelog } from '@snapstream/core/adapter'
import { inOrderOfLoss } from './changelog-order.ts'
import { changelogKey, changelogValue } from './changelog-record.ts'
import type { PositionsOnDisk } from './open-positions.ts'
import type { ResolvedOptions } from './options.ts'
import { storeName, type Part } from './part.ts'
import type { StateDatabase } from './state-database.ts'
import { createStoreParts, type StoreParts } from './store-parts.ts'

/** A store in a run of a stream. */
export interface StoreRun<K extends CacheKey, V> {
  /** The name of the store. */
  readonly store: string
  readonly changelog: Changelog
  readonly attempts: Attempts
  readonly parts: StoreParts<K, V>
  readonly writer: SinkWriter<CacheInput<K, V>>
  /** The part of a message. Throws `NOT_OPEN`. */
  partOf(origin: Origin): Part<K, V>
  /** The part of a lane, if it is open. */
  partOfLane(lane: Lane): Part<K, V> | undefined
  /** An operator keeps its state in the store, from now on. */
  operated(): void
  /** Adds a write to an attempt at a message. Throws `USAGE` and `ENCODE_FAILED`. */
  write(attempt: Attempt, ...input: CacheInput<K, V>): void
}

interface StoreRunOptions<V> {
  readonly store: string
  readonly options: ResolvedOptions<V>
  readonly sink: Pick<SinkOptions, 'host' | 'trouble' | 'checkpoint' | 'restore'>
  readonly database: StateDatabase
  readonly changelog: Changelog
  /** The positions on disk. */
  readonly positions: PositionsOnDisk
}

export function createStoreRun<K extends CacheKey, V>(given: StoreRunOptions<V>): StoreRun<K, V> {
  const { store, options, sink, database, changelog, positions } = given
  const { host } = sink
  const name = storeName(store)
  const attempts = createAttempts()
  const use: BufferUse = { bytes: 0 }
  const halfBytes = options.bufferBytes / 2
  const recentUse = { bytes: 0, maxBytes: halfBytes }
  const parts = createStoreParts<K, V>({
    store,
    options,
    sink,
    database,
    changelog,
    positions,
    use,
    recentUse,
    attempts,
  })
  const written = createCondition()
  let prepared: Part<K, V>[] = []
  let syncedAt = host.monotonic()
  /** Whether a checkpoint was asked for since the last one. */
  let isAsked = false
  /**
   * At least once, the changelog gets the writes of an operator after the outputs of their messages: a window that is freed there
   * was told. See `logPrepared`.
   */
  let holdsBack = false

  function partOf({ lane }: Origin): Part<K, V> {
    const part = parts.ofLane(lane)
    if (part !== undefined) return part
    throw new SnapstreamError('NOT_OPEN', `${name} has no part for the message: ${lane} is not open in this process`)
  }

  function write(attempt: Attempt, ...[key, value, options]: CacheInput<K, V>): void {
    const part = partOf(attempt.origin!)
    part.buffer.add(attempt, part.entryOf(key, value, options))
  }

  function take(input: CacheInput<K, V>, origin: Origin | undefined): void {
    checkInput(input, name)
    if (origin === undefined)
      throw new SnapstreamError(
        'USAGE',
        `${name} got ${describe(input)} without its message, which tells the part; write to it as a sink of the binding`,
      )
    let attempt = attempts.from(origin)
    if (attempt === undefined) attempt = attempts.begin(origin)
    write(attempt, ...input)
  }

  function undo(attempt: Attempt): void {
    if (attempt.isEmpty && attempt.time === -Infinity) return
    const part = parts.ofLane(attempt.origin!.lane)
    if (part === undefined) attempt.drop()
    else part.undo(attempt)
  }

  const send = (partition: number, entry: Entry) =>
    changelog.send(partition, changelogKey(entry), changelogValue(entry))

  /** Sends the writes of a handled message to the changelog. A promise: the producer or the buffer is full. */
  function log(attempt: Attempt): void | PromiseLike<void> {
    const { partition, buffer } = partOf(attempt.origin!)
    let full: void | PromiseLike<void> = undefined
    for (const entry of buffer.release(attempt)) {
      const pending = holdsBack ? undefined : send(partition, entry)
      if (isThenable(pending)) full = pending
    }
    if (use.bytes > halfBytes && !isAsked) ask()
    return use.bytes > options.bufferBytes ? makeRoom(full) : full
  }

  /** Messages go on during the checkpoint, while there is room. */
  function ask(): void {
    isAsked = true
    sink.checkpoint?.()
  }

  async function makeRoom(full: void | PromiseLike<void>): Promise<void> {
    await full
    while (use.bytes > options.bufferBytes) {
      if (!isAsked) ask()
      await written.next()
    }
  }

  function positionAfter({ partition, position }: Part<K, V>, offsets: ReadonlyMap<number, number>, sync: boolean) {
    const offset = offsets.get(partition) ?? position?.offset
    if (offset === undefined) return undefined
    return { log: changelog.id, offset, synced: sync ? offset : position?.synced }
  }

  /** Sends the writes of a checkpoint whose outputs are written. A crash may leave a part of them, so their order counts. */
  async function logPrepared(part: Part<K, V>): Promise<void> {
    for (const entry of inOrderOfLoss(part.buffer.prepared())) {
      const pending = send(part.partition, entry)
      if (isThenable(pending)) await pending
      // It was given up meanwhile.
      if (!part.isOpen) return
    }
  }

  async function commit(): Promise<void> {
    const ready = prepared
    prepared = []
    if (ready.length > 0) await writeParts(ready)
    isAsked = false
    written.notify()
  }

  async function writeParts(ready: readonly Part<K, V>[]): Promise<void> {
    if (holdsBack) for (const part of ready) await logPrepared(part)
    const flushed = changelog.flush()
    const offsets = isThenable(flushed) ? await flushed : flushed
    const now = host.monotonic()
    const sync = now - syncedAt >= options.syncMs
    for (const part of ready) if (part.isOpen) part.queue(positionAfter(part, offsets, sync))
    await database.commit(true, { sync })
    if (sync) syncedAt = now
  }

  const state: LaneState = {
    open: (source, lane, signal) => parts.acquire(source, lane, signal),
    close(source, lane) {
      for (const attempt of attempts.inFlight(lane)) {
        undo(attempt)
        attempts.end(attempt)
      }
      parts.release(source, lane)
      written.notify()
    },
    begin(origin) {
      const last = attempts.from(origin)
      if (last !== undefined) undo(last)
      attempts.begin(origin)
    },
    undo(origin) {
      const attempt = attempts.from(origin)
      if (attempt !== undefined) undo(attempt)
    },
    release(origin) {
      const attempt = attempts.from(origin)
      if (attempt === undefined) return undefined
      if (attempt.time !== -Infinity) partOf(origin).operator.released(attempt.time)
      const full = attempt.isEmpty ? undefined : log(attempt)
      attempts.end(attempt)
      return full
    },
    prepare() {
      for (const part of parts.open.values()) {
        const time = part.prepareTime()
        // A transaction that is full takes it all the same.
        if (time !== undefined && !holdsBack) void send(part.partition, time)
        if (part.buffer.prepare()) prepared.push(part)
      }
    },
    commit,
    abort() {
      for (const attempt of attempts.inFlight()) attempts.end(attempt)
      for (const part of parts.open.values()) part.abort()
      prepared = []
      isAsked = false
      written.notify()
    },
    restoring: parts.restoring,
  }

  return {
    store,
    changelog,
    attempts,
    parts,
    partOf,
    partOfLane: parts.ofLane,
    operated() {
      holdsBack = changelog.transaction === undefined
    },
    write,
    writer: {
      flush() {},
      ...changelog.transaction,
      write: take,
      state,
      async close() {
        try {
          await parts.close()
          written.notify()
        } finally {
          await changelog.close()
          await database.close()
        }
      },
    },
  }
}
