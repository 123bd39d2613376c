import type { OperatorArea, OperatorKey, OperatorPart } from '@snapstream/core/adapter'
import type { Side } from './join-index.ts'
import { messageCodec } from './message-codec.ts'
import type { Kept } from './message-codec.ts'
import type { JoinType } from './stream-join.ts'

/** A row of joined tables. Both sides are undefined: it is gone. */
export interface TableRow {
  readonly key: OperatorKey
  readonly left: object | undefined
  readonly right: object | undefined
}

/** A change of a table. */
export interface TableChange {
  readonly side: Side
  readonly key: OperatorKey
  readonly time: number
  /** Undefined: the key is deleted. */
  readonly message: object | undefined
}

/** Joins two tables by key: the latest message of each side and key is kept. */
export class TableJoin {
  private readonly type: JoinType
  private readonly codec: ReturnType<typeof messageCodec>

  constructor(type: JoinType, title = 'join') {
    this.type = type
    this.codec = messageCodec(title)
  }

  /** Keeps a message, and tells the row if it changes. */
  change(part: OperatorPart, change: TableChange, next: (row: TableRow, timestamp: number) => void): void {
    const { side, key, message } = change
    const own = this.areaOf(part, side)
    const other = this.areaOf(part, (1 - side) as Side).getSync(key)
    // Only a row that goes needs to have been there.
    const before = message === undefined ? own.getSync(key) : undefined
    if (message !== undefined) own.put(key, { time: change.time, message })
    else if (before !== undefined) own.del(key)
    else return
    const isRow = this.isRow(side, message, other?.message)
    if (!isRow && !this.isRow(side, before?.message, other?.message)) return
    const [left, right] = side === 0 ? [message, other?.message] : [other?.message, message]
    next(
      { key, left: isRow ? left : undefined, right: isRow ? right : undefined },
      Math.max(change.time, other?.time ?? change.time),
    )
  }

  private isRow(side: Side, own: object | undefined, other: object | undefined): boolean {
    const [left, right] = side === 0 ? [own, other] : [other, own]
    if (this.type === 'inner') return left !== undefined && right !== undefined
    return left !== undefined || (this.type === 'outer' && right !== undefined)
  }

  private areaOf(part: OperatorPart, side: Side): OperatorArea<OperatorKey, Kept> {
    return part.area(side === 0 ? 'left' : 'right', this.codec)
  }
}
