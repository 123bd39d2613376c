import type { Through } from '@snapstream/core'
import type { Input } from '../chain.ts'
import { expectUsage } from '../check.ts'
import type { Keyed, KeyOf } from '../message.ts'
import type { LookupOptions, StreamJoinOptions, TableJoinOptions } from './join-options.ts'
import { joinStreams } from './join-streams.ts'
import { isTable, joinTable } from './join-table.ts'
import type { PartitionTable, WholeTable } from './join-table.ts'
import { joinTables } from './join-tables.ts'
import type { JoinType } from './stream-join.ts'

/** A message that is no tombstone. */
type Present<M> = M extends { readonly value: infer V }
  ? Extract<V, null | undefined> extends never
    ? M
    : M & { readonly value: NonNullable<V> }
  : M

/** A result of a join of two streams. */
export type JoinedStreams<T extends JoinType, L, R> =
  | {
      /** The message of the left side. */
      readonly left: Present<L>
      /** The message of the right side. */
      readonly right: Present<R>
    }
  | (T extends 'left' | 'outer'
      ? {
          /** The message of the left side. */
          readonly left: Present<L>
          /** It met no message of the right side in time. */
          readonly right: undefined
        }
      : never)
  | (T extends 'outer'
      ? {
          /** It met no message of the left side in time. */
          readonly left: undefined
          /** The message of the right side. */
          readonly right: Present<R>
        }
      : never)

/** A result of a join of a stream with a table. */
export interface JoinedTable<T extends 'inner' | 'left', L, V> {
  /** The message. */
  readonly left: Present<L>
  /** The value that the table has for its key. */
  readonly right: V | (T extends 'left' ? undefined : never)
}

/** A row of a join of two tables. */
export type JoinedTables<T extends JoinType, L, R> =
  | {
      /** The key of the row. */
      readonly key: KeyOf<L>
      /** The latest message of the left side. */
      readonly left: Present<L>
      /** The latest message of the right side. */
      readonly right: Present<R> | (T extends 'left' | 'outer' ? undefined : never)
    }
  | {
      /** The key of the row. */
      readonly key: KeyOf<L>
      /** The left side has none, or the row is gone: then both are undefined. */
      readonly left: undefined
      /** The latest message of the right side. */
      readonly right: undefined | (T extends 'outer' ? Present<R> : never)
    }

/**
 * Joins two streams: gives `{ left, right }` for each two messages with the same key that are at most `withinMs` apart. Pairs are
 * told when the second of the two comes, in the order of the times of the others; with `type: 'left'` and `'outer'` a message that
 * met no other is told once its time and `graceMs` are over: when a later message of the partition is so far ahead, or the partition
 * is idle. The timestamp of a pair is that of its later message.
 *
 * Both sides are read partition by partition, the smallest timestamp first where both have messages to read. Topics need the same
 * number of partitions and the same keys: `stream` rejects with `USAGE` otherwise. The messages of both sides are kept in the store
 * for all of `withinMs` and `graceMs`, as JSON with bytes, bigints, dates, maps and sets.
 *
 * Messages that are out of order by up to `graceMs` give the same results as those in order. A later one is joined with what is still
 * there; if it meets nothing and is too old to wait, it is `late`. Nothing is told as alone and in a pair. Tombstones are passed over.
 * A message without a key or a timestamp fails: `onError` decides. Throws `USAGE`.
 *
 * @example
 * const settled = join(orders, payments, { store: Store('settled'), withinMs: [0, 600_000], graceMs: 5000, type: 'left' })
 * snap(settled, { sink: [paid] })(({ left, right }) => [left.key, { order: left.value, isPaid: right !== undefined }])
 */
export function join<L extends Keyed, R extends Keyed<KeyOf<L>>, T extends JoinType = 'inner', SL = L, SR = R>(
  left: Input<L, SL>,
  right: Input<R, SR>,
  options: StreamJoinOptions<T, L | R> & { readonly tables?: undefined },
): Through<JoinedStreams<T, L, R>, SL | SR>
/**
 * Joins two topics as tables: keeps the latest message of each side and key, and gives `{ key, left, right }` whenever a row
 * changes. A tombstone deletes the side of its key (topics give tombstones with `tombstones: true`). Of a row that goes, both sides
 * are undefined. Throws `USAGE`.
 *
 * @example
 * const profiles = join(users, addresses, { tables: true, store: Store('profiles') })
 * snap(profiles, { sink: [out] })(({ key, left, right }) => [key, left ? { ...left.value, ...right.value } : null])
 */
export function join<L extends Keyed, R extends Keyed<KeyOf<L>>, T extends JoinType = 'inner', SL = L, SR = R>(
  left: Input<L, SL>,
  right: Input<R, SR>,
  options: TableJoinOptions<T>,
): Through<JoinedTables<T, L, R>, SL | SR>
/**
 * Joins a stream with a `GlobalTable` by a key of the message's value: gives `{ left, right }`, with the value of the table as
 * `right`. `key`: returns that key, or undefined or null for none. Throws `USAGE`.
 *
 * @example
 * const priced = join(orders, GlobalTable(rates), { key: ({ value }) => value.currency })
 */
export function join<L extends object, K, V, T extends 'inner' | 'left' = 'inner', S = L>(
  left: Input<L, S>,
  table: WholeTable<K, V>,
  options: LookupOptions<T> & {
    /** The key to look up. Undefined and null: none. It is synchronous. */
    readonly key: (message: Present<L>) => NoInfer<K> | null | undefined
  },
): Through<JoinedTable<T, L, V>, S>
/**
 * Joins a stream with a `Table` or a `GlobalTable` by the key of the message: gives `{ left, right }`, with the value of the table as
 * `right`: the one that it has when the message comes, or, of a table with `versionedMs`, the one that it had at the timestamp of the
 * message. A `Table` needs the same number of partitions. Throws `USAGE`.
 *
 * @example
 * const withCustomer = join(orders, Table(customers), { type: 'left' })
 * snap(withCustomer, { sink: [out] })(({ left, right }) => [left.key, { ...left.value, country: right?.country }])
 */
export function join<L extends { readonly key: unknown }, V, T extends 'inner' | 'left' = 'inner', S = L>(
  left: Input<L, S>,
  table: PartitionTable<NonNullable<L['key']>, V> | WholeTable<NonNullable<L['key']>, V>,
  options?: LookupOptions<T>,
): Through<JoinedTable<T, L, V>, S>
// oxlint-disable-next-line typescript/no-explicit-any -- the overloads check the arguments
export function join(left: Input<any, any>, right: unknown, options?: unknown): Through<never> {
  if (isTable(right)) return joinTable(left, right, options as never) as Through<never>
  expectUsage(
    typeof options === 'object' && options !== null,
    'join',
    'the third argument has withinMs for two streams, or tables: true for two tables',
    options,
  )
  const { tables } = options as { readonly tables?: unknown }
  const two = [left, right as Input<Keyed>] as const
  if (tables !== undefined) return joinTables(...two, options as never) as Through<never>
  return joinStreams(...two, options as never) as Through<never>
}
