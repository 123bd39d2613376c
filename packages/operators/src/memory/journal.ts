/** A map whose changes can be undone. */
export interface Undoable {
  /** The value of an id; undefined: none. */
  current(id: unknown): unknown
  /** Sets or, with undefined, removes a value. */
  restore(id: unknown, value: unknown): void
}

/** One change of a map. */
interface Change {
  readonly map: Undoable
  readonly id: unknown
  /** The value before it. */
  before: unknown
  /** Whether its message counts as handled: the next checkpoint has it. */
  released: boolean
}

/** The changes of a part since the last commit. */
export interface Journal {
  /** Notes a change of a message before it is made. */
  note(map: Undoable, id: unknown, by: object): void
  /** Undoes what a message changed, as if it had never been there: later changes of others stay. */
  undo(by: object): void
  /** The message counts as handled. */
  release(by: object): void
  /** A checkpoint begins: it has the changes that were released. */
  prepare(): void
  /** The checkpoint is committed: its changes stay for good. */
  commit(): void
  /** Undoes everything since the last commit. */
  abort(): void
}

export function createJournal(): Journal {
  /** Oldest first. */
  let changes: Change[] = []
  let prepared: ReadonlySet<Change> = new Set()
  /** By message in flight, oldest first. */
  const inFlight = new Map<object, Change[]>()

  /** Takes a change back: a later one of the same value then begins where this one began. */
  function revert(change: Change): void {
    const { map, id, before } = change
    const at = changes.lastIndexOf(change)
    const later = changes.find((other, i) => i > at && other.map === map && other.id === id)
    if (later) later.before = before
    else map.restore(id, before)
    changes.splice(at, 1)
  }

  return {
    note(map, id, by) {
      const own = inFlight.get(by) ?? []
      if (own.length === 0) inFlight.set(by, own)
      const last = changes.at(-1)
      // Of several changes of a value in a row, the first has what to go back to.
      if (last !== undefined && last === own.at(-1) && last.map === map && last.id === id) return
      const change = { map, id, before: map.current(id), released: false }
      own.push(change)
      changes.push(change)
    },
    undo(by) {
      for (const change of inFlight.get(by)?.toReversed() ?? []) revert(change)
      inFlight.delete(by)
    },
    release(by) {
      for (const change of inFlight.get(by) ?? []) change.released = true
      inFlight.delete(by)
    },
    prepare() {
      prepared = new Set(changes.filter(({ released }) => released))
    },
    commit() {
      changes = changes.filter((change) => !prepared.has(change))
      prepared = new Set()
    },
    abort() {
      for (const { map, id, before } of changes.toReversed()) map.restore(id, before)
      changes = []
      inFlight.clear()
    },
  }
}
