import { Buffer } from 'node:buffer'
import { SnapstreamError, describe } from '@snapstream/core'
import type { OperatorTimer, TimerKind } from '@snapstream/core/adapter'
import type { AreaKey } from '../entry/area-key.ts'
import { checkKey, decodeKey, encodeKey, type CacheKey } from '../entry/cache-key.ts'
import type { Entry } from '../entry/entry.ts'
import { createArea, type AreaPlace } from './area.ts'
import { StateNotLoaded } from './not-loaded.ts'
import { TimerList } from './timer-list.ts'

/** The timers of one kind of a part: an area with an entry for each, and the first ones in memory. */
export interface PartTimers {
  /** The name of its area. */
  readonly area: string
  /** No timer is earlier; Infinity: there is none; -Infinity: not known. */
  next(): number
  set(time: number, key: CacheKey): void
  delete(time: number, key: CacheKey): void
  /** Throws `StateNotLoaded`. */
  take(until: number): OperatorTimer | undefined
  /** Reads the first timers. */
  load(): Promise<void>
  /** The write of this key was undone. */
  undone(key: AreaKey): void
  /** The transaction was aborted: what is in memory counts for nothing. It is read again. */
  forget(): void
  /** Limits what is in memory. */
  trim(): void
}

interface PartTimersOptions {
  readonly kind: TimerKind
  /** The part in error messages. */
  readonly title: string
  /** Before the name of the area. */
  readonly areaPrefix: string
  /** The number of timers to have in memory. */
  readonly limit: number
  readonly place: AreaPlace
  /** Writes an entry for the message that is being handled. */
  write(entry: Entry): void
}

interface TimersState {
  /** Whether the list has the first timers. */
  isLoaded: boolean
  loading: Promise<void> | undefined
  /** The time until which they are read at least. */
  until: number
  /** The timers that were set (true) and deleted behind the end of the list while they are read. */
  changes: Map<OperatorTimer, boolean> | undefined
  /** Changes when what is being read counts for nothing. */
  epoch: object
}

/** The bytes of a time in a key: those of a number. */
const TIME_BYTES = 9

export function createPartTimers(options: PartTimersOptions): PartTimers {
  const { kind, title, areaPrefix, limit, place, write } = options
  const area = `${areaPrefix}~${kind}`
  const { reads, entryOf } = createArea<Uint8Array, 1>(place, {
    name: area,
    title: `the timers of ${title}`,
    codec: undefined,
  })
  const list = new TimerList()
  const state: TimersState = { isLoaded: false, loading: undefined, until: -Infinity, changes: undefined, epoch: {} }

  const isKnown = (timer: OperatorTimer) => state.isLoaded && list.covers(timer)

  /** Notes a change of what the list has, or will have. */
  function change(timer: OperatorTimer, isSet: boolean): void {
    if (!isKnown(timer)) state.changes?.set(timer, isSet)
    else if (isSet) list.add(timer)
    else list.remove(timer)
  }

  /** Reads timers behind those in memory: about `limit` of them, and all until a time. A read that is under way goes on to that. */
  function read(until: number): Promise<void> {
    state.until = Math.max(state.until, until)
    const reading = (state.loading ??= readAll().finally(() => {
      state.loading = undefined
      state.until = -Infinity
    }))
    reading.catch(() => {})
    return reading
  }

  async function readAll(): Promise<void> {
    for (;;) {
      const { epoch } = state
      const changes: NonNullable<TimersState['changes']> = new Map()
      state.changes = changes
      try {
        const end = state.isLoaded ? list.end : undefined
        if (state.isLoaded && end === undefined) return
        const found: OperatorTimer[] = []
        let next: OperatorTimer | undefined
        for await (const bytes of reads.keys(end === undefined ? {} : { gt: timerKey(end) })) {
          const timer = parseTimer(bytes)
          found.push(timer)
          if (found.length < limit || timer.time <= state.until) continue
          next = timer
          break
        }
        if (epoch !== state.epoch) continue
        list.end = next
        for (const timer of found) list.add(timer)
        state.isLoaded = true
        for (const [timer, isSet] of changes) if (list.covers(timer)) change(timer, isSet)
        return
      } finally {
        state.changes = undefined
      }
    }
  }

  /** Reads the first timers again. */
  async function reload(): Promise<void> {
    while (!state.isLoaded) await read(-Infinity)
  }

  function check(time: number): void {
    if (Number.isFinite(time)) return
    throw new SnapstreamError(
      'USAGE',
      `the time of a timer is a finite number of milliseconds since the epoch, got ${describe(time)}`,
    )
  }

  return {
    area,
    next() {
      if (!state.isLoaded) return -Infinity
      return list.first?.time ?? list.end?.time ?? Infinity
    },
    set(time, key) {
      check(time)
      checkKey(key)
      const timer = { time, key: key instanceof Uint8Array ? new Uint8Array(key) : key }
      // Also if it is set already: that may be by a message in flight that is undone later. A key that is too long is refused.
      write(entryOf(timerKey(timer), 1))
      change(timer, true)
    },
    delete(time, key) {
      check(time)
      checkKey(key)
      const timer = { time, key: key instanceof Uint8Array ? new Uint8Array(key) : key }
      write(entryOf(timerKey(timer)))
      change(timer, false)
    },
    take(until) {
      if (!state.isLoaded) throw new StateNotLoaded(`the timers of ${title}`, read(until))
      const { first, end } = list
      if (first === undefined) {
        if (end === undefined || end.time > until) return undefined
        throw new StateNotLoaded(`the timers of ${title}`, read(until))
      }
      if (first.time > until) return undefined
      write(entryOf(timerKey(first)))
      list.shift()
      // The next ones are there before they are due, as a rule.
      if (end !== undefined && list.size < limit / 4) void read(-Infinity)
      return first
    },
    load: () => read(-Infinity),
    undone({ key }) {
      const bytes = key as Uint8Array
      const timer = parseTimer(bytes)
      change(timer, reads.getSync(bytes) !== undefined)
    },
    forget() {
      state.epoch = {}
      state.isLoaded = false
      list.clear()
      // Whoever needs them gets the error.
      reload().catch(() => {})
    },
    trim() {
      if (state.loading === undefined && list.size > 2 * limit) list.truncate(limit)
    },
  }
}

/** A timer as a key: its bytes sort by time, then by key. */
function timerKey({ time, key }: OperatorTimer): Uint8Array {
  return Buffer.concat([encodeKey(time), encodeKey(key)])
}

function parseTimer(bytes: Uint8Array): OperatorTimer {
  const { buffer, byteOffset, byteLength } = bytes
  const all = Buffer.from(buffer, byteOffset, byteLength)
  return { time: decodeKey(all.subarray(0, TIME_BYTES)) as number, key: decodeKey(all.subarray(TIME_BYTES)) }
}
