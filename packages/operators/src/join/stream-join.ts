import type { OperatorArea, OperatorPart, OperatorTimer } from '@snapstream/core/adapter'
import { JoinIndex } from './join-index.ts'
import type { IndexEntry, Side } from './join-index.ts'
import { keyId } from './key-id.ts'
import { messageCodec } from './message-codec.ts'
import type { Kept } from './message-codec.ts'

/** `inner`: pairs. `left`: also each left message without a right one. `outer`: also each right message without a left one. */
export type JoinType = 'inner' | 'left' | 'outer'

/** How a join of two streams goes by time. */
export interface StreamJoinSpec {
  /** A right message may be so much earlier than its left one, in ms. */
  readonly beforeMs: number
  /** A right message may be so much later than its left one, in ms. */
  readonly afterMs: number
  /** Messages may come so much later than others, in ms. */
  readonly graceMs: number
  readonly type: JoinType
}

/** A result, and its event time. */
export type ToldPair = (
  result: { readonly left: object | undefined; readonly right: object | undefined },
  timestamp: number,
) => void

/** The fields of a message that a join needs. */
export interface Joined {
  readonly side: Side
  readonly key: string | number | boolean | Uint8Array
  readonly time: number
  readonly message: object
}

/**
 * Joins two streams by key and time. Both sides are kept in the store, in entries with numbers as keys; `JoinIndex` finds them by key.
 * Event time has to be advanced before a message comes, and the timers that are due have to be told before.
 */
export class StreamJoin {
  /** How long a message is kept: for what may come in time, and for what comes late, but meets a message that is still here. */
  readonly keptMs: number
  private readonly spec: StreamJoinSpec
  private readonly codec: ReturnType<typeof messageCodec>
  /** The index that a message, or tick, in work has changed. */
  private readonly indexes = new WeakMap<object, JoinIndex>()

  constructor(spec: StreamJoinSpec, title = 'join') {
    this.spec = spec
    this.keptMs = spec.beforeMs + spec.afterMs + spec.graceMs
    this.codec = messageCodec(title)
  }

  /**
   * The attempt at a message, or tick, that what follows belongs to. A new attempt at the same one: the changes of the attempt before
   * are taken back, as the store has undone its writes.
   */
  begin(root: object, attempt: number, part: OperatorPart): void {
    const index = this.indexOf(part)
    if (index.begin(root, attempt)) this.indexes.set(root, index)
  }

  /** The attempt at a message failed, or the message is skipped: the store has undone its writes. */
  undo(root: object): void {
    this.indexes.get(root)?.undo(root)
    this.indexes.delete(root)
  }

  /** The message was handled. */
  end(root: object): void {
    this.indexes.get(root)?.end(root)
    this.indexes.delete(root)
  }

  /**
   * Tells all pairs of a message with those that are here, in the order of their times, and keeps it. False: it is late. It has met
   * no other message, and it is too old to wait for one.
   */
  message(part: OperatorPart, { side, key, time, message }: Joined, next: ToldPair): boolean {
    const index = this.indexOf(part)
    const area = this.areaOf(part)
    const oldest = part.time - this.keptMs
    for (const id of index.free(oldest)) area.del(id)

    const id = keyId(key)
    const [from, to] = this.range(side, time)
    let isMatched = false
    for (const other of index.between((1 - side) as Side, id, Math.max(from, oldest), to)) {
      const kept = area.getSync(other.id)
      if (kept === undefined) continue
      isMatched = true
      if (other.open) this.closeEntry(part, index, other)
      next(
        side === 0 ? { left: message, right: kept.message } : { left: kept.message, right: message },
        Math.max(time, other.time),
      )
    }

    const waits = !isMatched && this.isTold(side)
    const due = this.due(side, time)
    if (waits ? due <= part.time : time < oldest) return isMatched
    const number = index.nextId(side)
    index.add(number, id, time, waits)
    area.put(number, { time, message })
    if (waits) part.setTimer('event', due, number)
    return true
  }

  /** Tells a message that met no other one, as its time is over. */
  timer(part: OperatorPart, { key }: OperatorTimer, next: ToldPair): void {
    const id = key as number
    const area = this.areaOf(part)
    const kept = area.getSync(id)
    if (kept === undefined) return
    const { message, time } = kept
    area.del(id)
    this.indexOf(part).remove(id, keyId((message as { readonly key: Joined['key'] }).key), time)
    next(id % 2 === 0 ? { left: message, right: undefined } : { left: undefined, right: message }, time)
  }

  private closeEntry(part: OperatorPart, index: JoinIndex, entry: IndexEntry): void {
    part.deleteTimer('event', this.due(entry.side, entry.time), entry.id)
    index.close(entry)
  }

  /** Whether a message of this side is told if it meets no other one. */
  private isTold(side: Side): boolean {
    return this.spec.type === 'outer' || (this.spec.type === 'left' && side === 0)
  }

  /** The times of the other side that a message meets, both included. */
  private range(side: Side, time: number): readonly [from: number, to: number] {
    const { beforeMs, afterMs } = this.spec
    return side === 0 ? [time - beforeMs, time + afterMs] : [time - afterMs, time + beforeMs]
  }

  /** The first millisecond at which nothing in time can meet the message any more. */
  private due(side: Side, time: number): number {
    return this.range(side, time)[1] + this.spec.graceMs + 1
  }

  private areaOf(part: OperatorPart): OperatorArea<number, Kept> {
    return part.area('join', this.codec)
  }

  private indexOf(part: OperatorPart): JoinIndex {
    return part.derived('join', async () => {
      const index = new JoinIndex(this.keptMs)
      for await (const [id, { time, message }] of this.areaOf(part).entries())
        index.add(id, keyId((message as { readonly key: Joined['key'] }).key), time, this.isTold((id & 1) as Side))
      index.forget()
      return index
    })
  }
}
