import { describe, SnapstreamError } from '@snapstream/core'
import type { AnyStore } from '../any-store.ts'
import { expectFunction, expectMs, expectOptions, expectUsage, isStore } from '../check.ts'
import type { JoinType, StreamJoinSpec } from './stream-join.ts'

/** The options of a join of two streams. `M`: the messages of both sides. */
export interface StreamJoinOptions<T extends JoinType, M> {
  /**
   * The time between a left message and the right ones that belong to it, in ms: a right one is at most so much earlier or later; or
   * `[before, after]`, at most `before` earlier and at most `after` later. Whole numbers of at least 0, both included.
   */
  readonly withinMs: number | readonly [beforeMs: number, afterMs: number]
  /**
   * How much later than others a message may come, in ms of event time: messages in this time give the same results in any order. A
   * message of a left or outer side that met no other is told so much later than its time is over. A whole number of at least 0.
   *
   * @default 0
   */
  readonly graceMs?: number | undefined
  /**
   * `'inner'`: pairs. `'left'`: also each left message that met no right one. `'outer'`: also each right message that met no left one.
   *
   * @default 'inner'
   */
  readonly type?: T | undefined
  /** Where both sides are kept. @default in memory, where they end with the process and its partitions */
  readonly store?: AnyStore | undefined
  /**
   * How long a message waits for the other side, if that has caught up, in ms. A whole number of at least 0.
   *
   * @default 0
   */
  readonly maxIdleMs?: number | undefined
  /**
   * How long a partition has had no messages when its time goes on with the wall clock, in ms. Infinity: never.
   *
   * @default 60_000
   */
  readonly idleMs?: number | undefined
  /** How much a message may be ahead of the wall clock, in ms. A later one fails. @default 86_400_000 (a day) */
  readonly maxAheadMs?: number | undefined
  /**
   * Called with a message that came too late: it met no other one, and is too old to wait for one. It is synchronous, and may be
   * called again for the same message. Late messages are counted in `health()` with and without it.
   */
  readonly late?: ((message: M) => unknown) | undefined
}

/** The options of a join with a table. */
export interface LookupOptions<T extends 'inner' | 'left'> {
  /**
   * `'inner'`: messages whose key the table has. `'left'`: all messages.
   *
   * @default 'inner'
   */
  readonly type?: T | undefined
}

/** The options of a join of two tables. */
export interface TableJoinOptions<T extends JoinType> {
  /** Both sides are tables: the latest message of each key. */
  readonly tables: true
  /**
   * `'inner'`: rows with both sides. `'left'`: rows with a left side. `'outer'`: rows with any side.
   *
   * @default 'inner'
   */
  readonly type?: T | undefined
  /** Where the rows are. @default in memory, where they end with the process and its partitions */
  readonly store?: AnyStore | undefined
  /**
   * How long a message waits for the other side, if that has caught up, in ms. A whole number of at least 0.
   *
   * @default 0
   */
  readonly maxIdleMs?: number | undefined
}

const STREAM_OPTIONS = ['withinMs', 'graceMs', 'type', 'store', 'maxIdleMs', 'idleMs', 'maxAheadMs', 'late']
const TYPES = ['inner', 'left', 'outer']

/** Checks the options of a join of two streams. Throws `USAGE`. */
export function checkStreamJoin(options: StreamJoinOptions<JoinType, never>): StreamJoinSpec {
  expectOptions(options, STREAM_OPTIONS, 'join')
  const { withinMs, graceMs = 0, type = 'inner', store, maxIdleMs = 0, idleMs = 0, maxAheadMs = 0, late } = options
  if (withinMs === undefined)
    throw new SnapstreamError(
      'USAGE',
      'join: two streams need withinMs, the time between messages that belong together; for two tables say { tables: true }, and for a stream and a table join(stream, Table(topic))',
    )
  const both: readonly unknown[] = Array.isArray(withinMs) ? withinMs : [withinMs, withinMs]
  expectUsage(both.length === 2, 'join', 'withinMs is a number of ms or [before, after]', withinMs)
  for (const one of both) expectMs(one, 'withinMs', 'join')
  expectMs(graceMs, 'graceMs', 'join')
  expectMs(maxIdleMs, 'maxIdleMs', 'join')
  expectMs(idleMs, 'idleMs', 'join', { infinite: true })
  expectMs(maxAheadMs, 'maxAheadMs', 'join', { infinite: true })
  checkType(type, TYPES)
  checkStore(store)
  if (late !== undefined) expectFunction(late, 'late', 'join')
  const [beforeMs, afterMs] = both as readonly [number, number]
  return { beforeMs, afterMs, graceMs, type }
}

/** Checks the options of a join of two tables. Throws `USAGE`. */
export function checkTableJoin(options: TableJoinOptions<JoinType>): void {
  expectOptions(options, ['tables', 'type', 'store', 'maxIdleMs'], 'join with tables: true')
  const { tables, type = 'inner', store, maxIdleMs = 0 } = options
  expectUsage(tables, 'join', 'tables is true', tables)
  checkType(type, TYPES)
  checkStore(store)
  expectMs(maxIdleMs, 'maxIdleMs', 'join')
}

/** Checks the options of a join with a table. Throws `USAGE`. */
export function checkLookup(options: { readonly type?: unknown; readonly key?: unknown }, isGlobal: boolean): void {
  expectOptions(options, ['type', 'key'], 'join with a table')
  const { type = 'inner', key } = options
  checkType(type, ['inner', 'left'])
  if (key === undefined) return
  expectFunction(key, 'key', 'join')
  if (!isGlobal)
    throw new SnapstreamError(
      'USAGE',
      'join: another key than that of the message needs a GlobalTable, as a Table has only the keys of the partitions that are read beside it; use GlobalTable(topic), or write the messages by this key to a topic first',
    )
}

function checkType(type: unknown, types: readonly string[]): void {
  if (typeof type === 'string' && types.includes(type)) return
  throw new SnapstreamError(
    'USAGE',
    `join: type is ${types.map((one) => `'${one}'`).join(' or ')}, got ${describe(type)}`,
  )
}

function checkStore(store: unknown): void {
  expectUsage(store === undefined || isStore(store), 'join', 'store is a store, such as Store("joined")', store)
}
