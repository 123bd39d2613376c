import type { SyncCodec } from '../codecs/codec.ts'
import type { Lane, MaybePromise, Resource, SinkTarget } from '../protocol.ts'

// The needs of operators from a store: the port between @snapstream/operators and the stores, caches and maps that keep their state.

/** The keys of entries. They are sorted by type first (boolean, number, string, bytes), then by value. */
export type OperatorKey = string | number | boolean | Uint8Array

/** A store that operators can keep their state in. An operator names it in its `use`. */
export interface OperatorStore<K extends OperatorKey = OperatorKey, V = unknown> extends Resource {
  /** Opens it in a run, as any sink. */
  readonly '~snapstream.sink': SinkTarget<never>['~snapstream.sink']
  /** The access of operators. */
  readonly '~snapstream.operator': OperatorAccess<K, V>
}

/** The access of operators to a store. Each part of the store belongs to one partition of the sources. */
export interface OperatorAccess<K extends OperatorKey = OperatorKey, V = unknown> {
  /** The store for error messages, such as `the store "minutes"`. */
  readonly title: string
  /**
   * The part of the message, or tick, that is being handled. One object stands for an open part: it writes for the message that
   * it was asked for last, so ask again after each `await`. Throws `USAGE` as `of` of a store does.
   */
  of(message: unknown): OperatorPart<K, V>
  /** The part of a lane outside of a step; undefined while it is not open. */
  ofLane(source: unknown, lane: Lane): OperatorClock | undefined
}

/** Timers go by event time, or by the time of day. */
export type TimerKind = 'event' | 'clock'

/** A timer that is due. */
export interface OperatorTimer {
  /** Its time, in ms since the epoch. */
  readonly time: number
  /** Its key. */
  readonly key: OperatorKey
}

/** The times of a part. */
export interface OperatorClock {
  /** The number of the partition. */
  readonly partition: number
  /** Event time in ms since the epoch: the largest that a message has advanced it to; -Infinity before the first. */
  readonly time: number
  /**
   * No timer of the kind is earlier; Infinity: there is none. It may be lower than the time of the first timer, and is -Infinity
   * while timers are not known, as after an abort: `takeTimer` tells.
   */
  nextTimer(kind: TimerKind): number
}

/**
 * A part for the message that is being handled. All writes, timers and times belong to the attempt at the message: they are undone
 * with it, and become durable with its position.
 *
 * Calls that need something which is not in memory throw `NotLoaded`.
 */
export interface OperatorPart<K extends OperatorKey = OperatorKey, V = unknown> extends OperatorClock {
  /** The entries of the user, as `of(message)` of the store has them. */
  readonly entries: OperatorArea<K, V>
  /**
   * Entries beside those of the user, with a codec of their own. They neither expire nor count for the bounds of the store. The
   * same name gives the same object while the part is open. `name`: letters, digits, `.`, `_` and `-`.
   */
  area<AK extends OperatorKey, AV>(name: string, codec: SyncCodec<AV>): OperatorArea<AK, AV>
  /** Moves event time forward; an earlier time changes nothing. It is stored once a checkpoint, not once a message. */
  advance(time: number): void
  /** Sets a timer. There is at most one for each kind, time and key. `time`: finite, in ms since the epoch. */
  setTimer(kind: TimerKind, time: number, key: OperatorKey): void
  /** Deletes a timer, if there is one. */
  deleteTimer(kind: TimerKind, time: number, key: OperatorKey): void
  /** Deletes and returns the first timer that is not later than `until`, in the order of times, then keys. Undefined: none. */
  takeTimer(kind: TimerKind, until: number): OperatorTimer | undefined
  /**
   * A value that is derived from entries, in memory for as long as the part is open. It is built at the first call, and again
   * after a transaction was aborted. While `build` is pending the call throws `NotLoaded`. An attempt that is undone does not
   * change it back: it has to bear keys that have no entry any more.
   */
  derived<T>(name: string, build: (part: OperatorPart<K, V>) => MaybePromise<T>): T
  /** Undoes all of the attempt up to now, to begin with the message again. */
  undo(): void
}

/** Some entries of a part. Reads are synchronous, and see the writes of all messages of the part up to now. */
export interface OperatorArea<K extends OperatorKey, V> {
  /** Reads the value of a key; undefined: it has none. */
  getSync(key: K): V | undefined
  /** Sets a value. */
  put(key: K, value: V): void
  /** Removes an entry, if there is one. */
  del(key: K): void
  /** All entries, or those of a range, in the order of their keys, as they are at the first step. To build derived values. */
  entries(range?: OperatorRange<K>): AsyncIterable<readonly [key: K, value: V]>
}

/** A range of keys. `prefix`: of text keys. */
export interface OperatorRange<K extends OperatorKey> {
  /** Keys from this one on. */
  readonly gte?: K
  /** Keys before this one. */
  readonly lt?: K
  /** Text keys that begin with this. */
  readonly prefix?: string
}

/**
 * Thrown by calls of a part that need something which is not in memory: call `undo`, wait for the promise, and handle the message
 * again from its beginning. It is rare: the first message of a part, the first after an abort, and time that jumps over some
 * ten thousand timers.
 */
export interface NotLoaded {
  /** Resolves once it is in memory. Rejects with the error of the store. */
  readonly '~snapstream.loading': Promise<void>
}
