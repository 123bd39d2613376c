import { SnapstreamError, describe, type SyncCodec } from '@snapstream/core'
import { isThenable, type OperatorArea, type OperatorClock, type OperatorPart } from '@snapstream/core/adapter'
import { AreaKey } from '../entry/area-key.ts'
import type { CacheKey } from '../entry/cache-key.ts'
import type { CreateEntry } from '../entry/create-entry.ts'
import { DELETE } from '../entry/delete.ts'
import type { Entry } from '../entry/entry.ts'
import type { Attempt } from '../message/attempts.ts'
import type { CacheReads } from '../reading/reads.ts'
import { createArea, operatorArea, type AreaPlace } from './area.ts'
import { StateNotLoaded } from './not-loaded.ts'
import { createPartTimers } from './part-timers.ts'

/** The access of operators to the part of a store, or of a cache: areas, timers and event time beside the entries of the user. */
export interface PartOperator<K extends CacheKey, V> {
  /** Of the part, outside of a step. */
  readonly clock: OperatorClock
  /** The part for the message of an attempt, until the next call. */
  enter(attempt: Attempt): OperatorPart<K, V>
  /** Reads time and timers. To be called before the part is used. */
  load(): Promise<void>
  /** The writes of an attempt were undone, and those of others in flight are left. */
  undone(writes: Iterable<Entry>, inFlight: Iterable<Attempt>): void
  /** A message counts as handled, which has moved time. */
  released(time: number): void
  /** A checkpoint begins. Returns the entry of the time, if it has moved. */
  prepare(): Entry | undefined
  /** The prepared writes are committed. */
  commit(): void
  /** Everything that is not committed was dropped. */
  abort(): void
}

interface PartOperatorOptions<K extends CacheKey, V> {
  readonly partition: number
  /** The part in error messages. */
  readonly title: string
  /** Before the names of its areas. */
  readonly areaPrefix: string
  readonly place: AreaPlace
  /** Of the user's entries. */
  readonly reads: Pick<CacheReads<K, V>, 'getSync' | 'entries'>
  readonly entryOf: CreateEntry<K, V>
  /** Adds a write to an attempt. */
  write(attempt: Attempt, entry: Entry): void
  /** Undoes an attempt, and calls `undone`. */
  undo(attempt: Attempt): void
  /**
   * The number of timers of a kind to have in memory.
   *
   * @default 10_000
   */
  readonly timers?: number
}

interface PartTime {
  /** With the messages in flight. */
  now: number
  /** With the messages that count as handled; of the checkpoint under way; of the last one. */
  released: number
  prepared: number
  committed: number
}

/** The name of the area of the time, and its key. */
const TIME_AREA = '~time'
const TIME_KEY = ''

export function createPartOperator<K extends CacheKey, V>(options: PartOperatorOptions<K, V>): PartOperator<K, V> {
  const { partition, title, areaPrefix, place, reads, entryOf, timers: limit = 10_000 } = options
  const time: PartTime = { now: -Infinity, released: -Infinity, prepared: -Infinity, committed: -Infinity }
  const times = createArea<string, number>(place, {
    name: areaPrefix + TIME_AREA,
    title: `the event time of ${title}`,
    codec: undefined,
  })
  const current: { attempt: Attempt | undefined; message: unknown } = { attempt: undefined, message: undefined }
  const timersOf = (kind: 'event' | 'clock') => createPartTimers({ kind, title, areaPrefix, limit, place, write })
  const event = timersOf('event')
  const clock = timersOf('clock')
  // oxlint-disable-next-line typescript/no-explicit-any -- whoever names an area knows its types
  const areas = new Map<string, OperatorArea<any, any>>()
  let derived = new Map<string, { value: unknown }>()
  const building = new Map<string, Promise<void>>()

  /** The attempt is used again for another message once this one is handled. */
  function own(): Attempt {
    const { attempt, message } = current
    if (attempt?.origin !== undefined && attempt.message === message) return attempt
    throw new SnapstreamError(
      'USAGE',
      `${title} was written by an operator after its message had been handled; ask for the part of the message again`,
    )
  }
  function write(entry: Entry): void {
    options.write(own(), entry)
  }

  function build<T>(name: string, make: (part: OperatorPart<K, V>) => T | PromiseLike<T>): T {
    const before = derived
    const made = make(part)
    if (!isThenable(made)) {
      derived.set(name, { value: made })
      return made
    }
    const settle = async () => {
      try {
        const value = await made
        // After an abort it is of no use.
        if (derived === before) derived.set(name, { value })
      } finally {
        building.delete(name)
      }
    }
    const loading = settle()
    building.set(name, loading)
    throw new StateNotLoaded(`the value ${JSON.stringify(name)} of ${title}`, loading)
  }

  const part: OperatorPart<K, V> = {
    partition,
    get time() {
      return time.now
    },
    entries: {
      getSync: reads.getSync,
      put: (key, value) => write(entryOf(key, value)),
      del: (key) => write(entryOf(key, DELETE)),
      entries: (range = {}) => reads.entries(range),
    },
    area<AK extends CacheKey, AV>(name: string, codec: SyncCodec<AV>): OperatorArea<AK, AV> {
      const known = areas.get(name)
      if (known !== undefined) return known
      checkName(name)
      const area = createArea<AK, AV>(place, {
        name: areaPrefix + name,
        title: `the area ${JSON.stringify(name)} of ${title}`,
        codec,
      })
      const made = operatorArea(area, write)
      areas.set(name, made)
      return made
    },
    advance(to) {
      if (to <= time.now) return
      if (!Number.isFinite(to))
        throw new SnapstreamError('USAGE', `event time is a finite number of milliseconds, got ${describe(to)}`)
      own().time = to
      time.now = to
    },
    nextTimer: (kind) => (kind === 'event' ? event : clock).next(),
    setTimer: (kind, time, key) => (kind === 'event' ? event : clock).set(time, key),
    deleteTimer: (kind, time, key) => (kind === 'event' ? event : clock).delete(time, key),
    takeTimer: (kind, until) => (kind === 'event' ? event : clock).take(until),
    derived<T>(name: string, make: (part: OperatorPart<K, V>) => T | PromiseLike<T>): T {
      const known = derived.get(name)
      if (known !== undefined) return known.value as T
      const loading = building.get(name)
      if (loading === undefined) return build(name, make)
      throw new StateNotLoaded(`the value ${JSON.stringify(name)} of ${title}`, loading)
    },
    undo() {
      options.undo(own())
    },
  }

  return {
    clock: part,
    enter(attempt) {
      current.attempt = attempt
      current.message = attempt.message
      return part
    },
    async load() {
      const stored = (await times.reads.get(TIME_KEY)) ?? -Infinity
      Object.assign(time, { now: stored, released: stored, prepared: stored, committed: stored })
      await Promise.all([event.load(), clock.load()])
    },
    undone(writes, inFlight) {
      for (const { key } of writes)
        if (key instanceof AreaKey)
          if (key.area === event.area) event.undone(key)
          else if (key.area === clock.area) clock.undone(key)
      let now = time.released
      for (const attempt of inFlight) now = Math.max(now, attempt.time)
      time.now = now
    },
    released(to) {
      if (to > time.released) time.released = to
    },
    prepare() {
      event.trim()
      clock.trim()
      if (time.released === time.prepared) return undefined
      time.prepared = time.released
      return times.entryOf(TIME_KEY, time.prepared)
    },
    commit() {
      time.committed = time.prepared
    },
    abort() {
      Object.assign(time, { now: time.committed, released: time.committed, prepared: time.committed })
      derived = new Map()
      building.clear()
      event.forget()
      clock.forget()
    },
  }
}

function checkName(name: string): void {
  if (typeof name === 'string' && /^[\w.-]+$/.test(name)) return
  throw new SnapstreamError('USAGE', `the name of an area has letters, digits, ".", "_" and "-", got ${describe(name)}`)
}
