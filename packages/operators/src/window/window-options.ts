import { expectFunction, expectMs, expectOptions, expectUsage } from '../check.ts'
import { EVENT_TIME_OPTIONS } from '../timed-step.ts'
import type { EventTimeOptions } from '../timed-step.ts'

/** One window of a key, and what is in it. */
export interface Windowed<K, V> {
  /** The key of its messages. */
  readonly key: K
  /** The first ms that belongs to it, since the epoch. */
  readonly start: number
  /** The first ms behind it. */
  readonly end: number
  /** The value that the fold made of its messages. */
  readonly value: V
  /** Of an update of a session: the starts of other sessions that have become a part of this one, told before. */
  readonly replaces?: readonly number[]
}

/** Windows of a fixed size. Without `everyMs` each begins where the last one ends (tumbling); with it they overlap (hopping). */
export interface AlignedSpec {
  /** The size, in ms. A whole number above 0. */
  readonly sizeMs: number
  /** The time between the starts of two windows, in ms. A whole number above 0, at most `sizeMs`. @default sizeMs */
  readonly everyMs?: number | undefined
}

/** The windows that end with each message or begin right after it, as of KIP-450: all sets of messages within `slideMs`. */
export interface SlidingSpec {
  /** The largest time between two messages of a window, in ms. A whole number. */
  readonly slideMs: number
}

/** Sessions: messages of a key with pauses of at most `gapMs`. */
export interface SessionSpec<V> {
  /** The longest pause within a session, in ms. A whole number above 0. */
  readonly gapMs: number
  /** Makes one value of those of two sessions, earlier one first: a message that comes out of order may join them. */
  readonly merge: (a: V, b: V) => V
}

/** So many messages of a key. */
export interface CountSpec {
  /** The number of messages. A whole number above 0. */
  readonly count: number
}

/** When the results of windows are told. */
export interface EmitOptions {
  /**
   * `'final'`: each window once, when it is over. `'updates'`: a window whenever a message changes it. @default 'final'
   */
  readonly emit?: 'final' | 'updates' | undefined
}

/** Options of windows that end by event time. */
export interface TimeOptions<M> extends EmitOptions, EventTimeOptions {
  /** How long a window stays open for messages that come late, in ms of event time behind its end. A whole number. */
  readonly graceMs: number
  /**
   * Gets each message that came too late for one of its windows. It is also counted in `health()`, and listeners get the event
   * `late`.
   */
  readonly late?: ((message: M) => unknown) | undefined
}

/** The options of `window`. `M`: the messages; `V`: what the fold makes of them. */
export type WindowOptions<M, V> =
  | (AlignedSpec & TimeOptions<M>)
  | (SlidingSpec & TimeOptions<M>)
  | (SessionSpec<V> & TimeOptions<M>)
  | (CountSpec & EmitOptions)

const OF_TIME = ['graceMs', 'emit', 'late', ...EVENT_TIME_OPTIONS]
/** By the option that tells the kind: the options beside it. */
const KINDS = {
  sizeMs: ['everyMs', ...OF_TIME],
  slideMs: OF_TIME,
  gapMs: ['merge', ...OF_TIME],
  count: ['emit'],
}

/** Throws `USAGE`. */
export function checkWindowOptions(options: object): void {
  const kinds = Object.keys(KINDS) as (keyof typeof KINDS)[]
  const given = kinds.filter((name) => name in Object(options))
  const [kind] = given
  expectUsage(given.length === 1, 'window', `the options have one of ${kinds.join(', ')}`, options)
  expectOptions(options, [kind as string, ...KINDS[kind!]], 'window')
  const all = options as AlignedSpec & SlidingSpec & SessionSpec<unknown> & CountSpec & TimeOptions<unknown>
  const { emit, late } = all
  if (kind === 'count') {
    const isCount = Number.isInteger(all.count) && all.count > 0
    expectUsage(isCount, 'window', 'count is a whole number above 0', all.count)
  } else {
    expectMs(all[kind!], kind!, 'window', { min: kind === 'slideMs' ? 0 : 1 })
    expectMs(all.graceMs, 'graceMs', 'window')
    if (late !== undefined) expectFunction(late, 'late', 'window')
  }
  if (kind === 'gapMs') expectFunction(all.merge, 'merge, which makes one value of those of two sessions,', 'window')
  if (all.everyMs !== undefined) {
    expectMs(all.everyMs, 'everyMs', 'window', { min: 1 })
    expectUsage(all.everyMs <= all.sizeMs, 'window', 'everyMs is at most sizeMs', all.everyMs)
  }
  expectUsage([undefined, 'final', 'updates'].includes(emit), 'window', "emit is 'final' or 'updates'", emit)
}
