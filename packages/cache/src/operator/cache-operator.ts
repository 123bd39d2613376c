import { SnapstreamError, describe, type Lane, type LaneState, type Origin, type SinkOptions } from '@snapstream/core'
import { createCondition, partitionOfLane, type OperatorAccess, type OperatorPart } from '@snapstream/core/adapter'
import type { Database } from '../database/database.ts'
import type { WriteBuffer } from '../database/write-buffer.ts'
import type { CacheKey } from '../entry/cache-key.ts'
import type { CreateEntry } from '../entry/create-entry.ts'
import type { Entry, EntryId } from '../entry/entry.ts'
import { AMBIGUOUS, createAttempts, type Attempt, type Attempts } from '../message/attempts.ts'
import { createMessageBuffer } from '../message/message-buffer.ts'
import type { CacheReads } from '../reading/reads.ts'
import type { AreaPlace } from './area.ts'
import { createPartOperator, type PartOperator } from './part-operator.ts'

/** The state of operators in a cache. Each partition of the sources has its areas, timers and time; the entries are one map. */
export interface CacheOperator<K extends CacheKey, V> {
  readonly access: OperatorAccess<K, V>
  /** Whether an operator has asked for the access: the sinks of the cache then have state. */
  readonly isUsed: boolean
  /** The writes of operators that are not among those of the cache yet. */
  readonly above: AreaPlace['above']
  /** Adds the write of a sink to its message, if a stream that the state belongs to handles it. Returns whether it did. */
  take(entry: Entry, origin: Origin | undefined): boolean
  /** Throws `USAGE` for a write beside a stream with operators: it would be hidden by theirs, or hide them. */
  refuseOthers(): void
  /** The state of a sink, until `end`. Throws `USAGE` while another stream has it. */
  start(options: Pick<SinkOptions, 'checkpoint'>): { readonly state: LaneState; end(): void }
}

interface CacheOperatorOptions<K extends CacheKey, V> {
  /** The cache in error messages. */
  readonly name: string
  readonly prefix: string
  readonly database: Database
  /** The writes of the cache. */
  readonly writes: WriteBuffer
  readonly reads: CacheReads<K, V>
  readonly entryOf: CreateEntry<K, V>
  /** Writes an entry of a message that counts as handled, for the next batch of a checkpoint. */
  keep(entry: Entry): void
}

/** One stream with operators that keep their state in the cache. */
interface Run<K extends CacheKey, V> {
  readonly attempts: Attempts
  readonly parts: Map<number, PartOfCache<K, V>>
}

/** A part while lanes of its partition are open. */
interface PartOfCache<K extends CacheKey, V> {
  readonly operator: PartOperator<K, V>
  readonly lanes: Set<Lane>
  readonly loading: Promise<void>
}

export function createCacheOperator<K extends CacheKey, V>(options: CacheOperatorOptions<K, V>): CacheOperator<K, V> {
  const { name, prefix, database, writes, keep } = options
  const { feed, bufferUse } = database
  const buffer = createMessageBuffer(bufferUse)
  const current: { run: Run<K, V> | undefined; isUsed: boolean } = { run: undefined, isUsed: false }
  const place: AreaPlace = {
    prefix,
    database,
    above: {
      get isEmpty() {
        return buffer.isEmpty && writes.isEmpty
      },
      find: (id: EntryId) => buffer.find(id) ?? writes.find(id),
      // Of two writes of a key the newer one is the last.
      entries: () => new Map([...writes.entries(), ...buffer.entries()].map((entry) => [entry.id, entry])).values(),
    },
    opened: database.opened,
  }

  function of(message: unknown): OperatorPart<K, V> {
    const attempt = current.run?.attempts.of(message)
    if (attempt === AMBIGUOUS)
      throw new SnapstreamError(
        'USAGE',
        `two bindings whose operators use ${name} handle ${describe(message)} at once, so it cannot tell which one reads and writes; give each a cache of its own`,
      )
    const part = attempt && current.run?.parts.get(partitionOfLane(attempt.origin!.lane))
    if (part !== undefined) return part.operator.enter(attempt!)
    throw new SnapstreamError(
      'USAGE',
      `${name}: an operator takes the message that is being handled, by a binding that has the cache in its use; got ${describe(message)}`,
    )
  }

  function partOf(partition: number, attempts: Attempts): PartOperator<K, V> {
    const operator = createPartOperator<K, V>({
      partition,
      title: `part ${partition} of ${name}`,
      areaPrefix: `${partition}/`,
      place,
      reads: options.reads,
      entryOf: options.entryOf,
      write(attempt, entry) {
        database.writable()
        buffer.add(attempt, entry)
      },
      undo: (attempt) => undo(operator, attempts, attempt),
    })
    return operator
  }

  function undo(operator: PartOperator<K, V>, attempts: Attempts, attempt: Attempt): void {
    const { writes } = attempt
    const partition = operator.clock.partition
    buffer.undo(attempt)
    attempt.drop()
    operator.undone(
      writes,
      attempts.inFlight().filter(({ origin }) => partitionOfLane(origin!.lane) === partition),
    )
  }

  function start({ checkpoint }: Pick<SinkOptions, 'checkpoint'>): { readonly state: LaneState; end(): void } {
    const attempts = createAttempts()
    const parts = new Map<number, PartOfCache<K, V>>()
    const run: Run<K, V> = { attempts, parts }
    const written = createCondition()
    if (current.run !== undefined)
      throw new SnapstreamError(
        'USAGE',
        `${name} keeps the state of an operator in another stream already; end that stream first, or use another cache`,
      )
    current.run = run

    function undoneBy(attempt: Attempt): void {
      if (attempt.isEmpty && attempt.time === -Infinity) return
      const part = parts.get(partitionOfLane(attempt.origin!.lane))
      if (part === undefined) attempt.drop()
      else undo(part.operator, attempts, attempt)
    }

    async function makeRoom(): Promise<void> {
      while (database.isFull && current.run === run) {
        checkpoint?.()
        await written.next()
      }
    }

    const state: LaneState = {
      async open(_, lane) {
        const partition = partitionOfLane(lane)
        let part = parts.get(partition)
        if (part === undefined) {
          const operator = partOf(partition, attempts)
          part = { operator, lanes: new Set(), loading: operator.load() }
          parts.set(partition, part)
        }
        part.lanes.add(lane)
        await part.loading
      },
      close(_, lane) {
        for (const attempt of attempts.inFlight(lane)) {
          undoneBy(attempt)
          attempts.end(attempt)
        }
        const partition = partitionOfLane(lane)
        const part = parts.get(partition)
        part?.lanes.delete(lane)
        if (part?.lanes.size === 0) parts.delete(partition)
      },
      begin(origin) {
        const last = attempts.from(origin)
        if (last !== undefined) undoneBy(last)
        attempts.begin(origin)
      },
      undo(origin) {
        const attempt = attempts.from(origin)
        if (attempt !== undefined) undoneBy(attempt)
      },
      release(origin) {
        const attempt = attempts.from(origin)
        if (attempt === undefined) return undefined
        if (attempt.time !== -Infinity) parts.get(partitionOfLane(origin.lane))?.operator.released(attempt.time)
        if (!attempt.isEmpty)
          if (feed === undefined) buffer.release(attempt)
          else {
            // The batch of the next checkpoint has the position of the message.
            for (const entry of attempt.writes) keep(entry)
            buffer.undo(attempt)
          }
        attempts.end(attempt)
        if (!database.isFull) return undefined
        if (feed === undefined) return makeRoom()
        feed.full()
        return undefined
      },
      prepare() {
        for (const { operator } of parts.values()) {
          const time = operator.prepare()
          if (time !== undefined)
            if (feed === undefined) buffer.put(time)
            else keep(time)
        }
        buffer.prepare()
      },
      async commit() {
        for (const { operator } of parts.values()) operator.commit()
        // The outputs of the messages are written by now: a window that is freed was told.
        buffer.queue()
        for (const entry of buffer.take(true).values()) keep(entry)
        buffer.written()
        if (feed === undefined) await database.commit(true)
        written.notify()
      },
      abort() {
        for (const attempt of attempts.inFlight()) attempts.end(attempt)
        buffer.discard()
        for (const { operator } of parts.values()) operator.abort()
        written.notify()
      },
      restoring: () => [],
    }

    return {
      state,
      end() {
        for (const attempt of attempts.inFlight()) attempts.end(attempt)
        buffer.discard()
        parts.clear()
        current.run = undefined
        written.notify()
      },
    }
  }

  const access: OperatorAccess<K, V> = {
    title: name,
    of,
    ofLane: (_, lane) => current.run?.parts.get(partitionOfLane(lane))?.operator.clock,
  }

  return {
    get access() {
      current.isUsed = true
      return access
    },
    get isUsed() {
      return current.isUsed
    },
    above: buffer,
    take(entry, origin) {
      const attempt = origin && current.run?.attempts.from(origin)
      if (attempt === undefined) return false
      buffer.add(attempt, entry)
      return true
    },
    refuseOthers() {
      if (current.run === undefined) return
      throw new SnapstreamError(
        'USAGE',
        `${name} keeps the state of an operator in a stream that runs, whose writes belong to their messages; write to another cache, or to one of its sub-caches`,
      )
    },
    start,
  }
}
