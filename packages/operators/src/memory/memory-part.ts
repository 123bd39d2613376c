import type { MaybePromise, Origin } from '@snapstream/core'
import { isThenable } from '@snapstream/core/adapter'
import type { NotLoaded, OperatorArea, OperatorKey, OperatorPart, TimerKind } from '@snapstream/core/adapter'
import { createJournal } from './journal.ts'
import type { Journal, Undoable } from './journal.ts'
import { createMemoryArea } from './memory-area.ts'
import { createMemoryTimers } from './memory-timers.ts'

/** The state of one partition in memory. */
export interface MemoryPart<K extends OperatorKey, V> extends OperatorPart<K, V> {
  readonly journal: Journal
  /** Writes belong to this message from now on. */
  by: Origin
  /** Undoes everything since the last commit. */
  abort(): void
}

/** `copy`: makes a copy of a value of the user. */
export function createMemoryPart<K extends OperatorKey, V>(
  partition: number,
  by: Origin,
  copy: (value: V) => V,
): MemoryPart<K, V> {
  const journal = createJournal()
  const areas = new Map<string, unknown>()
  const derived = new Map<string, { value: unknown } | { loading: PromiseLike<void> }>()
  const timers = { event: createMemoryTimers(), clock: createMemoryTimers() }
  let time = -Infinity
  const note = (map: Undoable, id: unknown) => journal.note(map, id, part.by)
  const clock: Undoable = {
    current: () => time,
    restore: (_, value) => (time = value as number),
  }

  function set(kind: TimerKind, at: number, key: OperatorKey, isSet: boolean): void {
    const id = timers[kind].idOf(at, key)
    if ((timers[kind].current(id) !== undefined) === isSet) return
    note(timers[kind], id)
    timers[kind].restore(id, isSet ? { time: at, key } : undefined)
  }

  const part: MemoryPart<K, V> = {
    partition,
    journal,
    by,
    get time() {
      return time
    },
    entries: createMemoryArea<K, V>(note, copy),
    area<AK extends OperatorKey, AV>(name: string) {
      let area = areas.get(name) as OperatorArea<AK, AV> | undefined
      // Operators do not change the values that they keep.
      if (area === undefined) areas.set(name, (area = createMemoryArea<AK, AV>(note, (value) => value)))
      return area
    },
    advance(to) {
      if (to <= time) return
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
      const loading = made.then((value) => void derived.set(name, { value }))
      derived.set(name, { loading })
      throw { '~snapstream.loading': loading } as NotLoaded
    },
    undo: () => journal.undo(part.by),
    abort() {
      journal.abort()
      derived.clear()
    },
  }
  return part
}
