import type { KeyId } from './key-id.ts'

/** 0: the left side. 1: the right side. */
export type Side = 0 | 1

/** A kept message, as the index knows it. */
export interface IndexEntry {
  /** The key of its entry in the store. Even on the left side, odd on the right. */
  readonly id: number
  readonly side: Side
  readonly key: KeyId
  readonly time: number
  /** It may have a timer that tells it without a match. */
  open: boolean
  /** It is no longer in its list. */
  gone: boolean
}

/** How many messages are freed with one that comes. At most one comes for each, so that old messages never pile up. */
const FREED_AT_ONCE = 32
/** Messages are freed together for so much of the time that they are kept. */
const BUCKETS = 16

/**
 * The messages that a join keeps in one partition: by side and key in the order of time, and by age. It is in memory, and derived from
 * the entries of the store. The changes of an attempt at a message are noted, so that they can be undone with it.
 */
export class JoinIndex {
  /** The number of messages that are kept. */
  size = 0
  private readonly lists: readonly [Map<KeyId, IndexEntry[]>, Map<KeyId, IndexEntry[]>] = [new Map(), new Map()]
  private readonly buckets = new Map<number, IndexEntry[]>()
  private readonly bucketMs: number
  private oldest = Infinity
  private lastNumber = 0
  /** How to take back what the attempt changed. */
  private notes: (() => void)[] = []
  private message: object | undefined
  private attempt: number | undefined

  /** `keptMs`: how long a message is kept. */
  constructor(keptMs: number) {
    this.bucketMs = Math.max(1, Math.ceil(keptMs / BUCKETS))
  }

  /**
   * What follows belongs to this attempt at a message. A new attempt at the same message takes back the one before. Returns whether
   * it is a new one.
   */
  begin(message: object, attempt: number): boolean {
    if (this.attempt === attempt) return false
    if (this.message === message) this.undo(message)
    this.message = message
    this.attempt = attempt
    this.forget()
    return true
  }

  /** Takes back what the attempt at a message changed. */
  undo(message: object): void {
    if (this.message !== message) return
    for (const undo of this.notes.splice(0).toReversed()) undo()
    this.end(message)
  }

  /** The message was handled: its changes stay. */
  end(message: object): void {
    if (this.message === message) this.message = undefined
    this.attempt = undefined
  }

  /** The changes up to now stay. */
  forget(): void {
    if (this.notes.length > 0) this.notes = []
  }

  /** An id for a new message. */
  nextId(side: Side): number {
    return (this.lastNumber + 1) * 2 + side
  }

  add(id: number, key: KeyId, time: number, open: boolean): void {
    const entry: IndexEntry = { id, side: (id & 1) as Side, key, time, open, gone: false }
    this.lastNumber = Math.max(this.lastNumber, Math.floor(id / 2))
    this.list(entry)
    this.age(entry)
    this.notes.push(() => this.unlist(entry))
  }

  /** The messages of a side and key from time `from` to `to`, both included, in the order of time. */
  *between(side: Side, key: KeyId, from: number, to: number): Generator<IndexEntry, void> {
    const list = this.lists[side].get(key)
    if (list === undefined) return
    for (let i = firstFrom(list, from); i < list.length; i++) {
      const entry = list[i] as IndexEntry
      if (entry.time > to) return
      yield entry
    }
  }

  /** The entry has no timer any more. */
  close(entry: IndexEntry): void {
    if (!entry.open) return
    entry.open = false
    this.notes.push(() => (entry.open = true))
  }

  /** Takes a message out of its list. */
  remove(id: number, key: KeyId, time: number): void {
    const list = this.lists[(id & 1) as Side].get(key) ?? []
    for (let i = firstFrom(list, time); list[i]?.time === time; i++) {
      const entry = list[i] as IndexEntry
      if (entry.id === id) return this.removeEntry(entry)
    }
  }

  /** Takes out some messages that are older than `time`, the oldest first, and returns their ids. */
  free(time: number): readonly number[] {
    // A bucket goes once all its messages may go.
    if (!((this.oldest + 1) * this.bucketMs <= time)) return []
    const freed: number[] = []
    for (let i = 0; i < FREED_AT_ONCE && (this.oldest + 1) * this.bucketMs <= time; i++) {
      const bucket = this.buckets.get(this.oldest) as IndexEntry[]
      const entry = bucket.pop()
      if (entry === undefined) {
        this.buckets.delete(this.oldest)
        this.oldest = Math.min(...this.buckets.keys())
        continue
      }
      this.notes.push(() => this.age(entry))
      if (entry.gone) continue
      this.removeEntry(entry)
      freed.push(entry.id)
    }
    return freed
  }

  private removeEntry(entry: IndexEntry): void {
    this.unlist(entry)
    this.notes.push(() => this.list(entry))
  }

  private list(entry: IndexEntry): void {
    const lists = this.lists[entry.side]
    const list = lists.get(entry.key)
    entry.gone = false
    this.size++
    if (list === undefined) lists.set(entry.key, [entry])
    // It is the latest, but for messages out of order.
    else if (isBefore(list.at(-1) as IndexEntry, entry)) list.push(entry)
    else {
      let i = firstFrom(list, entry.time)
      while (isBefore(list[i] as IndexEntry, entry)) i++
      list.splice(i, 0, entry)
    }
  }

  private unlist(entry: IndexEntry): void {
    if (entry.gone) return
    const lists = this.lists[entry.side]
    const list = lists.get(entry.key) as IndexEntry[]
    entry.gone = true
    this.size--
    if (list.length === 1) lists.delete(entry.key)
    else if (list[0] === entry) list.shift()
    else list.splice(list.indexOf(entry, firstFrom(list, entry.time)), 1)
  }

  private age(entry: IndexEntry): void {
    const bucket = Math.floor(entry.time / this.bucketMs)
    const entries = this.buckets.get(bucket)
    if (entries) entries.push(entry)
    else this.buckets.set(bucket, [entry])
    this.oldest = Math.min(this.oldest, bucket)
  }
}

function isBefore(one: IndexEntry, other: IndexEntry): boolean {
  return one.time < other.time || (one.time === other.time && one.id < other.id)
}

/** The place of the first entry that is not earlier than `time`. */
function firstFrom(list: readonly IndexEntry[], time: number): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((list[middle] as IndexEntry).time < time) low = middle + 1
    else high = middle
  }
  return low
}
