import { describe, SnapstreamError } from '@snapstream/core'
import type { MaybePromise, Origin } from '@snapstream/core'
import { isThenable } from '@snapstream/core/adapter'
import type { NotLoaded, OperatorArea, OperatorKey, OperatorPart, TimerKind } from '@snapstream/core/adapter'
import { createJournal } from './journal.ts'
import type { Journal, Undoable } from './journal.ts'
import { copyKey } from './key-id.ts'
import { createMemoryArea } from './memory-area.ts'
import { createMemoryTimers } from './memory-timers.ts'

/** The state of one partition in memory. */
export interface MemoryPart<K extends OperatorKey, V> extends OperatorPart<K, V> {
  readonly journal: Journal
  /** Writes belong to this message from now on. */
  by: Origin
  /** The message counts as handled: what is written from now on belongs to none, until `by` is set again. */
  release(by: Origin): void
  /** Undoes everything since the last commit. */
  abort(): void
}

/** `nobody`: stands for no message; `copy`: makes a copy of a value of the user. */
export function createMemoryPart<K extends OperatorKey, V>(
  partition: number,
  nobody: Origin,
  copy: (value: V) => V,
): MemoryPart<K, V> {
  const journal = createJournal()
  const areas = new Map<string, unknown>()
  const derived = new Map<string, { value: unknown } | { loading: Promise<void> }>()
  const timers = { event: createMemoryTimers(), clock: createMemoryTimers() }
  let time = -Infinity
  const clock: Undoable = {
    current: () => time,
    restore: (_, value) => (time = value as number),
  }

  function note(map: Undoable, id: unknown): void {
    if (part.by === nobody)
      throw new SnapstreamError(
        'USAGE',
        'an operator wrote to its memory after the message had been handled; ask for the part of the message again',
      )
    journal.note(map, id, part.by)
  }

  /** Noted also where nothing changes: a change of another message in flight, on which that rests, may be undone. */
  function set(kind: TimerKind, at: number, key: OperatorKey, isSet: boolean): void {
    checkTime(at)
    const id = timers[kind].idOf(at, key)
    note(timers[kind], id)
    timers[kind].restore(id, isSet ? { time: at, key: copyKey(key) } : undefined)
  }

  const part: MemoryPart<K, V> = {
    partition,
    journal,
    by: nobody,
    get time() {
      return time
    },
    entries: createMemoryArea<K, V>(note, copy),
    area<AK extends OperatorKey, AV>(name: string) {
      let area = areas.get(name) as OperatorArea<AK, AV> | undefined
      if (area !== undefined) return area
      checkName(name)
      // Operators do not change the values that they keep.
      areas.set(name, (area = createMemoryArea<AK, AV>(note, (value) => value)))
      return area
    },
    advance(to) {
      if (to <= time) return
      checkTime(to)
      note(clock, 'time')
      time = to
    },
    setTimer: (kind, at, key) => set(kind, at, key, true),
    deleteTimer: (kind, at, key) => set(kind, at, key, false),
    takeTimer(kind, until) {
      const first = timers[kind].first()
      if (first === undefined || first.time > until) return undefined
      set(kind, first.time, first.key, false)
      return first
    },
    nextTimer: (kind) => timers[kind].first()?.time ?? Infinity,
    derived<T>(name: string, build: (part: OperatorPart<K, V>) => MaybePromise<T>): T {
      const known = derived.get(name)
      if (known && 'value' in known) return known.value as T
      if (known) throw { '~snapstream.loading': known.loading } as NotLoaded
      const made = build(part)
      if (!isThenable(made)) {
        derived.set(name, { value: made })
        return made
      }
      const building = { loading: Promise.resolve() }
      const settle = (value?: { readonly value: T }) => {
        // After an abort another one is built.
        if (derived.get(name) !== building) return
        if (value === undefined) derived.delete(name)
        else derived.set(name, value)
      }
      building.loading = Promise.resolve(made).then(
        (value) => settle({ value }),
        (error: unknown) => {
          settle()
          throw error
        },
      )
      building.loading.catch(() => {})
      derived.set(name, building)
      throw { '~snapstream.loading': building.loading } as NotLoaded
    },
    undo: () => journal.undo(part.by),
    release(by) {
      journal.release(by)
      if (part.by === by) part.by = nobody
    },
    abort() {
      journal.abort()
      derived.clear()
    },
  }
  return part
}

function checkTime(time: number): void {
  if (!Number.isFinite(time))
    throw new SnapstreamError(
      'USAGE',
      `a time is a finite number of milliseconds since the epoch, got ${describe(time)}`,
    )
}

function checkName(name: string): void {
  if (!/^[\w.-]+$/.test(name))
    throw new SnapstreamError(
      'USAGE',
      `the name of an area has letters, digits, ".", "_" and "-", got ${describe(name)}`,
    )
}
